package transitions.store_removed_test

import data.transitions.store_removed
import rego.v1

cache := {"kind": "RedisReplication", "metadata": {"name": "cache"}}

test_a_store_that_stays_passes if {
	document := {"documents": [{"file": "c", "object": cache}], "before": {"documents": {"c": cache}}}
	store_removed.deny == set() with input as document
	count(store_removed.examined) == 1 with input as document
}

test_one_that_is_gone_is_denied if {
	denials := store_removed.deny with input as {"documents": [], "before": {"documents": {"c": cache}}}
	{denial.message | some denial in denials} == {"RedisReplication cache is gone, which held data"}
}
