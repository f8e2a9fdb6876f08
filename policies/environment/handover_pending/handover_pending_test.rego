package environment.handover_pending_test

import data.environment.handover_pending
import rego.v1

test_a_token_ends_the_wait if {
	document := {"cluster": {"name": "b", "handover": {"predecessor": "a", "token": "t"}}}
	handover_pending.deny == set() with input as document
}

test_without_one_it_goes_on if {
	every handover in [{"predecessor": "a"}, {"predecessor": "a", "token": null}] {
		denials := handover_pending.deny with input as {"cluster": {"name": "b", "handover": handover}}
		{denial.message | some denial in denials} == {"b waits for the token of a"}
	}
}
