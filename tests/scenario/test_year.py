"""A generated year, lived by the daemon on a moved clock: what its receivers were told is counted where it arrives."""
import collections
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from waitlist import run_tests
from year import DAY, FIRST, LAST, Year
from year_attack import Lists
from year_run import YearRun

SEED = int(os.environ.get("WAITLIST_YEAR", "11"))
FULL = os.environ.get("WAITLIST_FULL") == "1"
lived = {}


def year(build):
    """The year of the seed, lived once for all tests of this file."""
    if build not in lived:
        started = time.monotonic()
        with YearRun(build, Year(SEED)) as run:
            run.live()
        lived[build] = run
        print(f"      seed {SEED}: {(LAST - FIRST).days + 1} dates in {time.monotonic() - started:.0f} s, {len(run.mails)} mails, "
              f"{len(run.events)} events", flush=True)
    return lived[build]


def say(text):
    print(f"      {text}", flush=True)


def test_nothing_is_told_twice_in_a_year(build):
    run = year(build)
    assert len(run.mails) > 100 and len(run.told_hook) > 50 and len(run.told_people) > 50
    say(f"repeats: {len(run.repeats())}")
    assert not run.repeats(), run.repeats()


def test_no_all_clear_of_a_year_is_false(build):
    run = year(build)
    clears, false = [t for told in (run.told_hook, run.told_people) for t in told if run.is_all_clear(t)], run.false_all_clears()
    say(f"all-clears: {len(clears)}, false: {len(false)}")
    assert len(clears) >= 20, clears
    assert not false, false


def test_each_lead_of_a_year_gets_a_digest_a_week_and_none_says_all_clear_of_what_is_behind_or_not_known(build):
    run = year(build)
    weeks = collections.Counter((m.who, m.day.isocalendar()[:2]) for m in run.digests())
    leads = {who for who, _ in weeks}
    say(f"digests: {len(weeks)}, of {len(leads)} leads, false: {len(run.false_digests())}")
    assert set(weeks.values()) == {1} and len(leads) >= 10 and "ops" not in leads, weeks
    assert len(weeks) >= 51 * len(leads), len(weeks)
    assert not run.false_digests(), run.false_digests()


def days_allowed(run, name, day):
    """People are written to on working days, once a day unless something turned red: by the next one."""
    last = day + DAY
    while name == "people" and not run.is_working(last):
        last += DAY
    return (last - day).days


def test_each_breach_of_a_year_is_told_by_the_next_day_and_to_people_by_the_next_working_day(build):
    run = year(build)
    for name, told in (("the hook", run.told_hook), ("people", run.told_people)):
        waits = run.waits_until_told(told)
        days = sorted(w[0] for w in waits if w[0] is not None)
        say(f"{len(waits)} breaches told to {name}: median {days[len(days) // 2]} days, most {days[-1]}, never {len(waits) - len(days)}")
        assert len(waits) >= 20 and len(days) == len(waits), waits
        assert not [w for w in waits if w[0] > days_allowed(run, name, w[2])], waits


def test_most_missed_milestones_of_a_year_were_warned_of_four_weeks_before(build):
    run = year(build)
    for name, told in (("the hook", run.told_hook), ("people", run.told_people)):
        missed, met = ([c for c in run.warned(told) if c[2] == was_missed] for was_missed in (True, False))
        warned, in_vain = sum(c[3] for c in missed), sum(c[3] for c in met)
        say(f"{len(missed)} milestones missed, {name} warned four weeks before of {warned}: {100 * warned / len(missed):.0f}%; "
            f"{len(met)} met, warned of {in_vain}")
        assert len(missed) >= 10 and warned >= 0.7 * len(missed), [c for c in missed if not c[3]]
        assert in_vain < len(met) / 2, "to warn of everything is no way out"


def test_nobody_gets_more_than_five_mails_in_a_week_of_a_year(build):
    """On the plan that is shipped, with lists; ops, who mend feeds, are counted and not bounded."""
    weeks = year(build).weeks()
    people = {k: n for k, n in weeks.items() if k[0] != "ops"}
    say(f"mails a week: people at most {max(people.values())}, in {len(people)} weeks with any {sum(people.values()) / len(people):.1f}; "
        f"ops at most {max(n for k, n in weeks.items() if k[0] == 'ops')}")
    assert len(people) > 100 and max(people.values()) <= 5, [x for x in people.items() if x[1] > 5]


def test_nobody_gets_a_second_mail_on_a_day_of_a_year_unless_something_turned_red(build):
    run = year(build)
    days = collections.Counter((m.who, m.day) for m in run.mails if m.who != "ops")
    say(f"mails a day: {collections.Counter(days.values())}, second ones without red {len(run.second_mails())}")
    assert len(days) > 700 and not run.second_mails(), [(m.who, str(m.day), m.subject) for m in run.second_mails()]


def test_nobody_finds_out_from_the_mails_and_digests_of_a_year_which_of_one_to_four_a_count_of_its_lists_is(build):
    """All leads of one receiver lay theirs side by side."""
    run = year(build)
    lists = Lists(run.year)
    lists.read(run.mails)
    attacked = lists.attacked()
    shown = collections.Counter(kind for day in attacked for kind, _, figure in lists.told[day] if figure != "*")
    say(f"censuses attacked: {len(attacked)}, figures shown in them: {dict(shown)}")
    assert len(attacked) >= 20 and {"open", "over18", "median", "p92", "joined", "left"} <= set(shown), (attacked, shown)
    found = {day: lists.found(*day) for day in attacked}
    assert not any(found.values()), [(*day, found[day], sorted(lists.told[day], key=str)) for day in found if found[day]]


def test_a_daemon_killed_at_random_moments_of_a_year_tells_the_same(build):
    until, strikes = (LAST, 20) if FULL else (FIRST + 75 * DAY, 8)
    undisturbed = {d for d in year(build).deliveries() if d[0] <= until}
    with YearRun(build, Year(SEED)) as run:
        run.live(until, strikes)
    say(f"killed {strikes} times until {until}: {len(run.deliveries())} deliveries, undisturbed {len(undisturbed)}")
    assert run.deliveries() == undisturbed, sorted(run.deliveries() ^ undisturbed)


if __name__ == "__main__":
    run_tests(globals())
