package vault.secret_overwritten_blindly_test

import data.vault.secret_overwritten_blindly
import rego.v1

plan(version, config) := {"vault": {"file": "p", "documents": [
	{"path": "sys/mounts/kv", "data": {"type": "kv", "options": {"version": version}}},
	{"path": "kv/config", "data": config},
]}}

test_check_and_set_passes if secret_overwritten_blindly.deny == set() with input as plan("2", {"cas_required": true})

test_the_first_version_and_a_config_without_it_are_denied if {
	every case in [["1", {"cas_required": true}], ["2", {"cas_required": false}], ["2", {}]] {
		denials := secret_overwritten_blindly.deny with input as plan(case[0], case[1])
		{denial.message | some denial in denials} == {"the engine kv does not require check-and-set"}
	}
}
