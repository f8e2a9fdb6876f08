package transitions.backup_dropped_test

import data.transitions.backup_dropped
import rego.v1

store(retention) := {"kind": "ObjectStore", "metadata": {"name": "s"}, "spec": {"retentionPolicy": retention}}

changes(before, after) := {[denial.before, denial.after] | some denial in denials} if {
	denials := backup_dropped.deny with input as {
		"documents": [{"file": "s", "object": store(after)}],
		"before": {"documents": {"s": store(before)}},
	}
}

test_as_long_and_longer_pass if {
	changes("30d", "30d") == set()
	changes("30d", "5w") == set()
}

test_shorter_and_not_at_all_are_denied if {
	changes("30d", "2w") == {["30 days", "14 days"]}
	changes("1m", "") == {["30 days", "0 days"]}
}

test_a_schedule_that_is_gone_is_denied if {
	schedule := {"kind": "ScheduledBackup", "metadata": {"name": "full"}}
	denials := backup_dropped.deny with input as {"documents": [], "before": {"documents": {"f": schedule}}}
	{[denial.before, denial.after] | some denial in denials} == {["full", "removed"]}
}
