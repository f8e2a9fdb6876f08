package specification.memory_budget_overcommitted_test

import data.specification.memory_budget_overcommitted
import rego.v1

memory(heap, cache) := {"spec": {"limits": {"memory": {"heap": heap, "cache": cache, "monitoring": {"critical": 90}}}}}

test_a_cache_may_be_the_whole_heap if memory_budget_overcommitted.deny == set() with input as memory(80, 80)

test_each_side_of_the_budget_is_denied_at_its_own_line if {
	denials := memory_budget_overcommitted.deny with input as memory(95, 96)
	{[denial.path, denial.message] | some denial in denials} == {
		[["limits", "memory", "cache"], "limits.memory.cache is 96%, but the heap that it is part of is 95%"],
		[["limits", "memory", "heap"], "limits.memory.heap is 95%, which is not below the critical level (90%)"],
	}
}
