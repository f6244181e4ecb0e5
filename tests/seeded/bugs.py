"""The seeded bugs: one wrong line each, that the suite has to find.

Chosen from RELIABILITY sections 2 and 4 and DESIGN sections 4, 5, 9, 10 and 13 before any was tried.
id, the rule's source, and the bug in words.
"""

CHOSEN = [
    # ---- the durable places: files, archive, journals ----
    ("journal-unsynced", "R2.1, F19", "a journal's record is not synced"),
    ("archive-unsynced", "R2.1, P6", "an archived file is not synced before it gets its name"),
    ("archive-folder-unsynced", "R2.1, P6", "the folder of an archived file is not synced"),
    ("inbox-removed-early", "R2.1, I1", "a file leaves the inbox before its receipt is journalled"),
    ("receipt-before-archive", "R2.1, I1", "the receipt is journalled before the archive holds the file"),
    ("journal-crc-unread", "F20", "a journal's checksum is not compared"),
    ("journal-damage-skipped", "F20", "damage inside a journal is cut as if it were a torn tail"),
    ("journal-sync-retried", "F19", "a journal goes on after a failed sync"),
    # ---- values ----
    ("marker-zero", "D7", "a marker (*) is read as 0"),
    ("blank-zero", "D7", "a blank cell is read as 0"),
    # ---- the alert machine ----
    ("hold-resolve", "D9", "HOLD does not keep an alert from recovering and resolving"),
    ("hold-severity", "D9", "HOLD does not keep a severity from falling"),
    ("told-end-untold", "D9", "whoever was told it began is not told it ended"),
    ("episode-id-severity", "D9 ids", "the severity is in the episode's id"),
    ("delivery-id-unsorted", "D9 ids", "the delivery id is of the notices in the order they came in"),
    ("reopen-new-episode", "D9", "a period judged again opens a second episode"),
    # ---- Redis: functions, epoch, order ----
    ("acked-early", "R2.5", "Redis is told of a delivery before the sent journal (XACK too early)"),
    ("sent-unread", "R2.5, P3", "the sent journal's ids are not consulted: a message taken is sent again"),
    ("told-unmerged", "R2.6, R16", "told-state that Redis lost is not put back from the sent journal"),
    ("enqueue-duplicate", "R2.4, P2", "a message is put into the outbox a second time"),
    ("epoch-unchecked", "R2.6, R16", "the functions do not check whose books Redis holds"),
    ("fence-unchecked", "R2.7, P15", "the functions do not check the fence"),
    ("fence-unstored", "R2.7, P16", "a fence token is used before it is stored locally"),
    ("revision-unchecked", "R2.4, P3", "an alert's transition is applied on top of another revision"),
    ("feed-order-unchecked", "R2.3, P3", "a feed's book is written on top of another receipt"),
    ("redis-error-ok", "R2, R5", "an error reply of a write counts as done"),
    ("write-retried-blindly", "P2, R2", "a write whose reply was lost counts as done"),
    ("settings-unchecked", "R2, R18", "the settings of Redis are not checked"),
    ("audit-after-redis", "D9, D13", "an evaluation is journalled after its Redis calls"),
    ("alerts-not-healed", "R2.6, R16", "alerts that Redis lost are not put back from the audit"),
    # ---- feeds ----
    ("ledger-unread", "R2.3, F3", "the ledger is not asked: the same file takes effect again"),
    ("duplicate-freshens", "D5, F3", "a duplicate refreshes the feed's age"),
    ("older-edition-current", "D5, F5", "an older edition becomes current"),
    ("held-current", "D5, F8", "a held file becomes current"),
    ("refused-reason-lost", "D5", "a refusal reaches nobody"),
    ("gap-ignored", "D5", "a missing provider opens no coverage gap"),
    ("feed-late-without-file", "D4, F7", "a feed that never sent a file is never late"),
    ("mapping-of-today", "D5, D13", "an old receipt is read with the mapping of today"),
    ("inbox-symlink", "F15", "a symbolic link in an inbox is followed"),
    ("inbox-no-proof", "F1, F2", "a file without proof of its end is taken"),
    ("content-in-error", "I4, S1", "what stood in a row is in an error"),
    # ---- delivery ----
    ("connection-spends-try", "D10, M12", "a connection failure spends a try of the message"),
    ("tries-forgotten", "D10", "a message's tries are forgotten at a restart"),
    ("retry-after-unclamped", "W2", "Retry-After is followed for however long"),
    ("redirect-followed", "W3", "a redirect is followed"),
    ("starttls-optional", "M7", "mail goes in clear when STARTTLS is missing"),
    ("dropped-after-250", "M5", "taken with 250, then dropped, counts as not delivered"),
    ("red-not-escalated", "D10", "a red notice that waits 30 min does not go to the fallback"),
    ("dead-letter-silent", "D10, M3", "a dead letter raises no alert"),
    ("dead-never", "D10, M12", "a message is tried for ever: no dead letter after 120 h"),
    ("private-address-allowed", "W7", "a webhook may go to a private address"),
    # ---- people, time, configuration ----
    ("act-before-audit", "D13", "a human act takes effect before the audit has it"),
    ("audit-chain-unread", "S9", "the audit's hash chain is not compared"),
    ("clock-back", "T1", "a clock that goes back makes an earlier day"),
    ("date-not-journalled", "D9, D13", "an evaluated date without changes is not journalled"),
    ("reload-adopts-bad", "P10", "a reload with a bad plan comes into force"),
]
