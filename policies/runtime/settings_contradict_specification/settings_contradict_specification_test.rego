package runtime.settings_contradict_specification_test

import data.runtime.settings_contradict_specification
import rego.v1

threads(compiled) := {
	"spec": {"limits": {"threads": {"worker": 40}}},
	"settings": {"process": {"threads": compiled}},
}

test_the_same_number_passes if settings_contradict_specification.deny == set() with input as threads(40)

test_another_number_is_denied_at_the_statement if {
	denials := settings_contradict_specification.deny with input as threads(41)
	{[denial.path, denial.message] | some denial in denials} == {[
		["limits", "threads", "worker"],
		"the setting process.threads is 41, but limits.threads.worker is 40",
	]}
}

pools(stated, changes, reads) := {
	"spec": {"connections": {"database": {"pool_size": stated}}},
	"settings": {"database": {"pool_size": changes, "read_pool_size": reads}},
}

of_pools(denial) if denial.path == ["connections", "database", "pool_size"]

external(stated, issuers, integrations) := {
	"spec": {"connections": {"external_services": {"pool_size": stated}}},
	"settings": {"external_services": {
		"issuers": {"pool_size": issuers},
		"integrations": {"pool_size": integrations},
	}},
}

of_external(denial) if denial.path == ["connections", "external_services", "pool_size"]

test_issuers_and_integrations_share_the_connections_to_external_services if {
	every row in [[1, 1, 1], [2, 1, 1], [20, 5, 15]] {
		denials := settings_contradict_specification.deny with input as external(row[0], row[1], row[2])
		count([denial | some denial in denials; of_external(denial)]) == 0
	}
	denials := settings_contradict_specification.deny with input as external(20, 20, 20)
	count([denial | some denial in denials; of_external(denial)]) == 1
}

test_a_worker_has_one_connection_for_each_purpose_at_least if {
	every row in [[1, 1, 1], [2, 1, 1], [5, 3, 2]] {
		denials := settings_contradict_specification.deny with input as pools(row[0], row[1], row[2])
		count([denial | some denial in denials; of_pools(denial)]) == 0
	}
	denials := settings_contradict_specification.deny with input as pools(5, 3, 3)
	{denial.message | some denial in denials; of_pools(denial)} == {concat("", [
		"the setting database.pool_size + database.read_pool_size is 6, ",
		"but connections.database.pool_size is 5",
	])}
}
