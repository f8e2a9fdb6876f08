package stores.stopping_outlasts_recovery_test

import data.stores.stopping_outlasts_recovery
import rego.v1

cluster(objective, delays) := {
	"spec": {"recovery": {"rto": {"target": objective}}},
	"documents": [{"file": "c.yaml", "object": {
		"kind": "Cluster",
		"metadata": {"name": "db"},
		"spec": delays,
	}}],
}

test_half_of_the_objective_may_be_used_up if {
	delays := {"switchoverDelay": 300, "smartShutdownTimeout": 30, "stopDelay": 330, "startDelay": 1170}
	stopping_outlasts_recovery.deny == set() with input as cluster(3600, delays)
}

test_the_operators_own_times_count_where_none_is_given if {
	denials := stopping_outlasts_recovery.deny with input as cluster(3600, {})
	{denial.message | some denial in denials} == {
		concat("", [
			"db: 3600 seconds to hand over, 1800 to stop and 3600 to start ",
			"are more than 50 % of recovery.rto.target, 1 hour",
		]),
		concat("", [
			"db: a stop has 1620 seconds once it no longer waits for sessions, and a handover 3600; ",
			"it needs as many, and 15 at least",
		]),
	}
}

test_sessions_that_are_waited_for_until_the_end_leave_nothing if {
	delays := {"switchoverDelay": 10, "smartShutdownTimeout": 60, "stopDelay": 30, "startDelay": 60}
	denials := stopping_outlasts_recovery.deny with input as cluster(3600, delays)
	{[denial.message, denial.pointer] | some denial in denials} == {[
		concat("", [
			"db: a stop has 0 seconds once it no longer waits for sessions, and a handover 10; ",
			"it needs as many, and 15 at least",
		]),
		"/spec/stopDelay",
	]}
}
