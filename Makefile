# waitlistd: build, test, run. Readable top to bottom; GNU make; no configure step.
#
#   make run          install what is missing, build, run the demo (ONCE=1: one evaluation, then exit; KEEP=1: go on)
#   make check        the same set-up, then unit, scenario and live tests
#   make seeded       bugs made in a copy, each to be found by a named test (FULL=1: all, else a tenth)
#   make coverage     which branches of the durable core no test takes, and why
#   make fuzz         each parser against inputs made by libFuzzer, FUZZ_S=60 seconds each
#   make golden       what each kind of message says, written to tests/data/golden anew
#   make bench        time, memory and Redis for a million rows and for five, as ratios: one JSON line a figure
#   make bench-peers  the same against DuckDB, which is installed into the build folder
#   make              build only

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
BUILD   ?= build
CC      ?= cc
ifeq ($(origin CC),default)
CC := cc
endif
PREFIX  ?= /usr
PKGS    := libevent hiredis libcurl libfyaml jansson libcrypto libsystemd libzip cairo zlib
PYTHON  ?= /usr/bin/python3

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Wundef -Wwrite-strings -Wimplicit-fallthrough -Wnull-dereference
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPTIMISE ?= -O2 -g
ifeq ($(filter 1,$(SAN)),1)
BUILD    := build/san
OPTIMISE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN   := -fstack-protector-strong -fPIE
endif
# Fuzz targets: clang's libFuzzer with the same checks, apart from the other builds.
ifeq ($(filter 1,$(FUZZ)),1)
BUILD    := build/fuzz
CC       := clang
# Small ceilings (parse/limits.h), so that small inputs go past them.
FUZZ_LIMITS := -DPARSE_COLUMNS_MAX=40 -DPARSE_FIELD_MAX_BYTES=150u -DPARSE_ROW_MAX_BYTES=800u
WARNINGS += $(FUZZ_LIMITS) -Wno-format-nonliteral # gcc knows a va_list's format by its attribute
OPTIMISE := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN   := -fstack-protector-strong -fPIE
endif
# Counted for make coverage: without the optimiser every branch of the source is one of the program.
ifeq ($(filter 1,$(COV)),1)
BUILD    := build/cov
OPTIMISE := -O0 -g --coverage
HARDEN   := -fPIE
endif
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   = $(shell pkg-config --libs $(PKGS))
# No fused multiply-add: the last bit of a limit decides a tie, and has to be the same everywhere.
CFLAGS_ALL = -std=gnu17 -ffp-contract=off $(WARNINGS) $(OPTIMISE) $(HARDEN) -D_GNU_SOURCE -DWAITLISTD_VERSION='"$(VERSION)"' \
             -DWAITLISTD_DATADIR='"$(PREFIX)/share/waitlistd"' -Idaemon -I$(BUILD)/gen $(PKG_CFLAGS) $(CFLAGS)
LDFLAGS_ALL = $(OPTIMISE) $(HARDEN_LD) $(LDFLAGS)
LIBS_ALL    = $(PKG_LIBS) -lm $(LIBS)

# One line a file; V=1 prints the commands.
Q   := $(if $(V),,@)
say := @echo " "

# ---- what is built -----------------------------------------------------------------------------
MAINS   := daemon/main.c daemon/ctl/waitlistctl.c
SOURCES := $(filter-out $(MAINS),$(wildcard daemon/*.c daemon/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIB     := $(BUILD)/libwaitlist.a
PROGRAMS := $(BUILD)/waitlistd $(BUILD)/waitlistctl

all: $(PROGRAMS)

$(BUILD)/waitlistd: $(BUILD)/daemon/main.o $(LIB)
	$(say) link $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)
$(BUILD)/waitlistctl: $(BUILD)/daemon/ctl/waitlistctl.o $(LIB)
	$(say) link $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)
$(LIB): $(OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(say) cc $<
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The Redis function library is Lua text in the daemon. Made before anything is compiled; from then on
# the dependency files say who includes it.
$(OBJECTS): | $(BUILD)/gen/waitlistd_lua.h
$(BUILD)/gen/waitlistd_lua.h: daemon/store/waitlistd.lua
	@mkdir -p $(@D)
	$(Q){ echo '/* made from $< */'; echo 'static const char waitlistd_lua[] ='; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$$/\\n"/' $<; echo '    ;'; } > $@

# ---- unit tests: one program per test file -----------------------------------------------------
UNIT_SOURCES  := $(wildcard tests/unit/*/test_*.c)
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
SUPPORT       := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
CHECK_CFLAGS   = $(shell pkg-config --cflags check)
CHECK_LIBS     = $(shell pkg-config --libs check)

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(say) cc $<
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-format-nonliteral -Wno-format-extra-args -Itests $(CHECK_CFLAGS) -MMD -MP -c -o $@ $<
$(UNIT_PROGRAMS): %: %.o $(SUPPORT) $(LIB)
	$(say) link $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL) $(CHECK_LIBS)


# Small programs that live tests drive.
LIVE_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/live/*.c))
$(LIVE_PROGRAMS): %: %.o $(LIB)
	$(say) link $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL) $(CHECK_LIBS)

# What make bench times in one process.
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/bench/ptl_gen.c,$(wildcard tests/bench/*.c)))
$(BENCH_PROGRAMS): %: %.o $(LIB)
	$(say) link $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)

# ---- fuzz targets: each with libFuzzer (FUZZ=1), and with a replayer of its kept corpus ------------
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
FUZZ_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/support/*.c))
ifeq ($(filter 1,$(FUZZ)),1)
FUZZ_SUPPORT := $(filter-out %/replay.o,$(FUZZ_SUPPORT))
FUZZ_LDFLAGS := -fsanitize=fuzzer
endif
FUZZ_PROGRAMS := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
$(FUZZ_PROGRAMS): %: %.o $(FUZZ_SUPPORT) $(LIB)
	$(say) link $@
	$(Q)$(CC) $(LDFLAGS_ALL) $(FUZZ_LDFLAGS) -o $@ $^ $(LIBS_ALL)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- what the machine needs --------------------------------------------------------------------
# Installed only when something is missing, so that a second run asks for nothing.
BUILD_PACKAGES := gcc make python3 libc6-dev pkgconf libevent-dev libhiredis-dev libcurl4-openssl-dev libfyaml-dev \
                  libjansson-dev libssl-dev libsystemd-dev libzip-dev libcairo2-dev zlib1g-dev redis-server tzdata
TEST_PACKAGES  := check python3 python3-aiosmtpd python3-jsonschema python3-yaml python3-z3 strace faketime openssl \
                  prometheus-alertmanager chromium fonts-liberation
LINT_PACKAGES  := clang-format cppcheck systemd procps man-db
FULL_PACKAGES  := valgrind
COVERAGE_PACKAGES := gcovr
FUZZ_PACKAGES  := clang libclang-rt-14-dev python3
PEER_PACKAGES  := nodejs npm
APT := DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

define install_missing
	@missing=""; for p in $(1); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  $(SUDO) env $(APT) update >/dev/null && \
	  $(SUDO) env $(APT) install -y --no-install-recommends $$missing >$(BUILD)/install.log 2>&1 || \
	  { tail -20 $(BUILD)/install.log; exit 1; }; fi
endef

deps:
	@mkdir -p $(BUILD)
	$(call install_missing,$(BUILD_PACKAGES))
test-deps: deps
	$(call install_missing,$(TEST_PACKAGES))
lint-deps: test-deps
	$(call install_missing,$(LINT_PACKAGES))
coverage-deps: test-deps
	$(call install_missing,$(COVERAGE_PACKAGES))
full-deps: lint-deps
	$(call install_missing,$(FULL_PACKAGES))

# ---- the demo ----------------------------------------------------------------------------------
# Copies settings, plan and feeds to an emptied build/run; nothing under config/ is written.
DEMO_START := $(shell cat config/demo/start-date 2>/dev/null)

run: deps
	@$(MAKE) --no-print-directory -j2 all >build/make.log 2>&1 || { tail -30 build/make.log; exit 1; }
	@if [ -z "$(KEEP)" ] || [ ! -d build/run/state ]; then \
	  rm -rf build/run && mkdir -p build/run/inbox && \
	  cp config/demo/*.yaml config/demo/SOURCES.md build/run/ && \
	  cp -r config/demo/feeds/. build/run/inbox/ && find build/run/inbox -name '*.md' -delete && \
	  $(PYTHON) tests/support/synthetic_lists.py build/run/inbox; fi
	@at=$$(sed -n 's/.*"evaluated":"\([0-9-]*\)".*/\1/p' build/run/state/journal/audit 2>/dev/null | tail -1); \
	exec build/waitlistd --config build/run/waitlistd.yaml $(if $(ONCE),--once) --at $${at:-$(DEMO_START)}

# ---- tests -------------------------------------------------------------------------------------
# Compilers at once; test programs at once, one more because most of them wait for something.
CHECK_JOBS ?= 2
TEST_JOBS  ?= 3

tests-built: all $(UNIT_PROGRAMS) $(LIVE_PROGRAMS) $(FUZZ_PROGRAMS) $(BENCH_PROGRAMS)

unit: deps
	$(call install_missing,check)
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) tests-built
	$(PYTHON) tests/run_tests.py --build $(BUILD) -j2 unit
# Another's reader of webhook signatures. Where it cannot be had its test is skipped and says why.
WEBHOOK_PEER := standardwebhooks@1.1.1
webhook-peer:
	@mkdir -p $(BUILD)/peers/webhooks
	-$(if $(shell command -v npm),,$(call install_missing,$(PEER_PACKAGES)))
	@cd $(BUILD)/peers/webhooks && { [ -d node_modules/standardwebhooks ] || \
	  timeout 60 npm install --no-audit --no-fund --fetch-retries=0 $(WEBHOOK_PEER) >install.log 2>&1 || true; }
check: test-deps webhook-peer
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) tests-built
	$(if $(FULL),WAITLIST_FULL=1) $(PYTHON) tests/run_tests.py --build $(BUILD) -j$(TEST_JOBS) --timeout $(if $(FULL),5000,600) \
	  --counts $(BUILD)/test-counts-check.txt unit corpus scenario live seeded
# The full sets: what check runs, with every point of the sweeps and every seeded bug (check takes a tenth), the
# sanitizer build, and valgrind over unit and scenario.
check-all: full-deps
	@failed=0; for part in "check FULL=1" sanitize valgrind; do \
	  $(MAKE) --no-print-directory $$part || failed=1; done; exit $$failed
# Bugs seeded into a copy, which the suite has to find: FULL=1 all, else a tenth, or SEEDED_ONLY="ID ID".
SEEDED_ONLY ?=
seeded: test-deps
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) tests-built
	$(if $(FULL),WAITLIST_FULL=1) $(PYTHON) tests/run_seeded.py --build $(BUILD) -j2 \
	  --counts $(BUILD)/test-counts-seeded.txt $(SEEDED_ONLY)
valgrind: full-deps
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) tests-built
	CK_FORK=no WAITLIST_PATIENCE=20 \
	WAITLIST_WRAPPER="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --trace-children=no" \
	  $(PYTHON) tests/run_tests.py --build $(BUILD) -j2 --timeout 3000 --counts $(BUILD)/test-counts-valgrind.txt \
	  unit corpus scenario
sanitize: test-deps
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) SAN=1 tests-built
	CK_FORK=no WAITLIST_SANITIZED=1 WAITLIST_PATIENCE=4 \
	  $(PYTHON) tests/run_tests.py --build build/san -j$(TEST_JOBS) --counts build/san/test-counts-sanitize.txt unit corpus scenario

# ---- fuzzing -----------------------------------------------------------------------------------
# Each target FUZZ_S seconds; FUZZ_ONLY="csv journal" chooses; FUZZ_SEED=1 makes the same choices again.
FUZZ_S    ?= 60
FUZZ_SEED ?= 0
FUZZ_ONLY ?=

fuzz-built: $(FUZZ_PROGRAMS)
fuzz: deps
	$(call install_missing,$(FUZZ_PACKAGES))
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) FUZZ=1 fuzz-built
	$(PYTHON) tests/run_fuzz.py --build build/fuzz --seconds $(FUZZ_S) --seed $(FUZZ_SEED) -j2 \
	  --counts build/test-counts-fuzz.txt $(FUZZ_ONLY)

# Branches of what must lose nothing: all taken by the unit tests and these scenarios, or with a reason
# in tests/coverage-reasons.md, which says the form. The counts of an earlier run are dropped.
# Early warnings and waiting lists, which are being built, have their own tests and do not count here yet.
COVERED       := $(filter-out daemon/alert/step_early.c,$(wildcard daemon/alert/*.c)) daemon/outbox/*.c \
                 daemon/store/books.c daemon/store/journal.c daemon/store/archive.c daemon/store/outbox_item.c \
                 daemon/store/store_connect.c daemon/store/store_redis.c \
                 daemon/store/store_load.c daemon/store/command.c daemon/store/feed_book.c \
                 daemon/pipeline_apply.c daemon/pipeline_apply_book.c daemon/pipeline_apply_kept.c \
                 daemon/pipeline_apply_read.c daemon/pipeline_batch.c daemon/pipeline_audit.c \
                 daemon/pipeline_compose.c daemon/pipeline_message.c daemon/pipeline_recipients.c \
                 daemon/pipeline_deliver.c
COVERED_BY    ?= audit chain compute corrupt crash damaged decide delivery demo direct durable explain formats \
                 formats_more heal hold identity lists lists_identity lists_midnight mapping matrix_f matrix_m \
                 matrix_p matrix_w outbox places rebuild rest sets feed_figures turns witness zip
coverage-built: all $(UNIT_PROGRAMS)
coverage: coverage-deps
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) COV=1 coverage-built
	@find build/cov -name '*.gcda' -delete
	$(PYTHON) tests/run_tests.py --build build/cov -j2 unit
	@for t in $(COVERED_BY); do echo "scenario $$t"; WAITLIST_PATIENCE=4 \
	  $(PYTHON) tests/scenario/test_$$t.py build/cov >build/cov/$$t.log || { tail -30 build/cov/$$t.log; exit 1; }; done
	@gcovr --root . --object-directory build/cov --filter daemon/ --json build/cov/branches.json build/cov/daemon >/dev/null
	$(PYTHON) tests/support/coverage.py build/cov/branches.json tests/coverage-reasons.md $(COVERED)

# ---- linters -----------------------------------------------------------------------------------
C_FILES = $(shell find daemon tests -name '*.[ch]')
# cppcheck does not know release at the end of a scope (AUTO): leaks are the sanitizers' business.
CPPCHECK := cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
            --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --suppress=memleak \
            --suppress=memleakOnRealloc
# Pure folders include no edge, and nothing includes what lies downstream of it (one line a stage).
EDGES := feed|store|loop|ctl|doctor
lint: lint-deps
	@echo "clang-format"; clang-format --dry-run --Werror $(C_FILES)
	@echo "cppcheck"; $(CPPCHECK) -Idaemon daemon
	@echo "arrows"; \
	arrow() { ! grep -nE "#include \"($$2)/" daemon/$$1/*.[ch] || { echo "daemon/$$1 must not include $$2/"; exit 1; }; }; \
	arrow base 'yaml|settings|parse|pathway|metric|plan|alert|outbox|notify|$(EDGES)'; \
	arrow yaml 'settings|parse|pathway|metric|plan|alert|outbox|notify|$(EDGES)'; \
	arrow parse 'settings|pathway|metric|plan|alert|outbox|notify|$(EDGES)'; \
	arrow pathway 'settings|metric|plan|alert|outbox|notify|$(EDGES)'; \
	arrow metric 'settings|plan|alert|outbox|notify|$(EDGES)'; \
	arrow plan 'settings|alert|outbox|notify|$(EDGES)'; \
	arrow alert 'settings|outbox|notify|$(EDGES)'; \
	arrow outbox 'settings|notify|$(EDGES)'; \
	arrow '*' 'pipeline|config'
	@echo "formats are data"; ! grep -rnE 'mhsds|sen2|chs-sitrep|scotland|autism|adhd|rtt-full|wheelchair' daemon --include='*.[ch]' --include='*.lua'
	@echo "systemd unit"; systemd-analyze security --offline=true --threshold=11 systemd/waitlistd.service >/dev/null
	@mkdir -p $(BUILD)/unit; sed 's#^ExecStart=/usr/bin/waitlistd#ExecStart=/bin/true#' systemd/waitlistd.service \
	  >$(BUILD)/unit/waitlistd.service; systemd-analyze verify $(BUILD)/unit/waitlistd.service
	@echo "man pages"; for m in daemon/man/*.[1-8]; do \
	  ! LC_ALL=C.UTF-8 MANROFFSEQ= man --warnings -E UTF-8 -l -Tutf8 -Z "$$m" 2>&1 >/dev/null | grep . || exit 1; done
# JSON Schemas for editors, from the parser's tables of keys; a test holds them to the tables.
schema:
	$(PYTHON) tests/support/schema.py
# What each kind of message says, written to tests/data/golden anew: look at the difference.
golden: $(BUILD)/tests/unit/notify/test_golden
	rm -f tests/data/golden/*
	GOLDEN_WRITE=1 $<
format:
	@clang-format -i $(C_FILES)

# ---- measurements ------------------------------------------------------------------------------
# BENCH_ROUNDS samples of each side, in turns; BENCH_ONLY="push midnight" chooses; ends with 1 where a goal is missed.
# Files of BENCH_ROWS and BENCH_MANY rows (186 bytes a row) are generated into the build folder.
BENCH_ROWS   ?= 1000000
BENCH_MANY   ?= 5000000
BENCH_ROUNDS ?= 5
BENCH_ONLY   ?=
BENCH = $(PYTHON) tests/bench/bench.py --build $(BUILD) --rows $(BENCH_ROWS) --many $(BENCH_MANY) \
        --rounds $(BENCH_ROUNDS)
DUCKDB := @duckdb/node-api@1.5.6-r.1

$(BUILD)/bench/ptl_gen: tests/bench/ptl_gen.c
	@mkdir -p $(@D)
	$(say) cc $<
	$(Q)$(CC) -O2 -o $@ $< -lm
$(BUILD)/bench/peers/node_modules: tests/bench/duckdb_tuned.js tests/bench/duckdb_plain.js
	@mkdir -p $(@D)
	$(Q)cp $^ $(@D)/ && cd $(@D) && npm install --silent --no-audit --no-fund $(DUCKDB) && touch node_modules
bench: full-deps
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) all $(BUILD)/bench/ptl_gen $(BENCH_PROGRAMS)
	$(BENCH) $(BENCH_ONLY)
bench-peers: test-deps
	$(if $(shell command -v npm),,$(call install_missing,$(PEER_PACKAGES)))
	@$(MAKE) --no-print-directory -j$(CHECK_JOBS) all $(BUILD)/bench/ptl_gen $(BUILD)/bench/peers/node_modules
	$(BENCH) --peers $(BENCH_ONLY)

# ---- later issues bring these ------------------------------------------------------------------
deb:
	@echo "make $@: not built yet; a later issue brings it" >&2; exit 1

# ---- installing --------------------------------------------------------------------------------
install: all
	install -D -m 755 build/waitlistd $(DESTDIR)$(PREFIX)/bin/waitlistd
	install -D -m 755 build/waitlistctl $(DESTDIR)$(PREFIX)/bin/waitlistctl
	install -d $(DESTDIR)$(PREFIX)/share/waitlistd/formats
	install -m 644 config/formats/*.yaml $(DESTDIR)$(PREFIX)/share/waitlistd/formats/
	install -m 644 config/organisations.yaml config/services.yaml config/standards.yaml config/bank-holidays.yaml $(DESTDIR)$(PREFIX)/share/waitlistd/
	install -d $(DESTDIR)$(PREFIX)/share/waitlistd/schema
	install -m 644 config/schema/*.json $(DESTDIR)$(PREFIX)/share/waitlistd/schema/
	install -d $(DESTDIR)$(PREFIX)/share/doc/waitlistd/examples
	install -m 644 config/waitlistd.yaml config/plan.yaml config/plan-test.yaml $(DESTDIR)$(PREFIX)/share/doc/waitlistd/examples/
	install -D -m 644 systemd/waitlistd.service $(DESTDIR)/lib/systemd/system/waitlistd.service
	for f in systemd/*.sysusers; do [ ! -f "$$f" ] || install -D -m 644 "$$f" $(DESTDIR)/usr/lib/sysusers.d/$$(basename "$$f" .sysusers).conf; done
	for f in systemd/*.tmpfiles; do [ ! -f "$$f" ] || install -D -m 644 "$$f" $(DESTDIR)/usr/lib/tmpfiles.d/$$(basename "$$f" .tmpfiles).conf; done
	for m in daemon/man/*.[1-8]; do s=$${m##*.}; install -D -m 644 "$$m" $(DESTDIR)$(PREFIX)/share/man/man$$s/$$(basename "$$m"); done

clean:
	rm -rf build

.PHONY: all run unit check webhook-peer check-all seeded valgrind sanitize coverage coverage-built coverage-deps fuzz bench bench-peers lint format schema golden install deb clean \
        deps test-deps lint-deps full-deps tests-built fuzz-built
