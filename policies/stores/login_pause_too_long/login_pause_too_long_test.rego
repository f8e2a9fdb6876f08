package stores.login_pause_too_long_test

import data.stores.login_pause_too_long
import rego.v1

pooler(parameters) := {
	"spec": {"load_balancing": {"database": {"connection_timeout": 3}}},
	"documents": [{"file": "p.yaml", "object": {
		"kind": "Pooler",
		"metadata": {"name": "p"},
		"spec": {"pgbouncer": {"parameters": parameters}},
	}}],
}

test_a_pause_that_is_over_before_the_next_attempt_passes if {
	login_pause_too_long.deny == set() with input as pooler({"server_login_retry": "1"})
}

test_pgbouncers_own_pause_counts_where_none_is_given if {
	denials := login_pause_too_long.deny with input as pooler({})
	{denial.message | some denial in denials} == {
		"p refuses clients for 15 seconds after a failed login, and an attempt to connect takes at most 3",
	}
}
