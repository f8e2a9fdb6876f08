package transitions.role_taken_without_handover_test

import data.transitions.role_taken_without_handover
import rego.v1

database(primary) := {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {"replica": {"primary": primary, "self": "b"}}}

compared(before, after, handover) := {
	"cluster": {"name": "b", "role": "primary", "handover": handover},
	"spec": {"recovery": {"rpo": {"target": 900}}},
	"documents": [{"file": "c", "object": database(after)}],
	"before": {"clusters": ["a", "b"], "documents": before},
}

messages(document) := {denial.message | some denial in denials} if {
	denials := role_taken_without_handover.deny with input as document
}

lost(former) := sprintf("b takes over from %s at once: what that one has not archived is lost, up to 15 minutes of changes", [former])

test_who_served_before_serves_on if {
	messages(compared({"c": database("b")}, "b", null)) == set()
	messages(compared({"c": {"kind": "Cluster", "spec": {}}}, "b", null)) == set()
}

test_a_handover_from_the_one_that_served_passes_before_and_after_its_token if {
	messages(compared({"c": database("a")}, "a", {"predecessor": "a"})) == set()
	messages(compared({"c": database("a")}, "b", {"predecessor": "a", "token": "t"})) == set()
}

test_taking_over_at_once_names_what_is_lost if {
	messages(compared({"c": database("a")}, "b", null)) == {lost("a")}
}

test_a_new_cluster_does_not_take_over if messages(compared({}, "b", null)) == {lost("another cluster")}

test_a_handover_from_a_cluster_that_stood_by_is_denied if {
	messages(compared({"c": database("a")}, "b", {"predecessor": "z"})) == {"b takes over from z, and a served"}
}

test_in_an_environment_that_is_new_any_cluster_serves if {
	document := object.union(compared({}, "b", null), {"before": {"clusters": []}})
	messages(document) == set()
}

test_a_cluster_without_a_replica_serves_alone if {
	alone := {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {}}
	document := object.union(compared({}, "b", null), {"documents": [{"file": "c", "object": alone}]})
	messages(document) == {lost("another cluster")}
}
