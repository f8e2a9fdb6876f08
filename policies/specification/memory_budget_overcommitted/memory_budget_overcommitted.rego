# METADATA
# title: The cache, the heap and the critical level of memory are out of order
# description: >-
#   The cache is part of the heap and cannot be larger. The heap stays below the critical level: a process that keeps to
#   its budget would otherwise shed load without being overloaded, and one that grows past it is killed before anyone is
#   told.
# custom:
#   id: CON015
#   severity: error
#   owner: platform
#   remediation: >-
#     Keep limits.memory.cache within limits.memory.heap, and the heap below limits.memory.monitoring.critical.
#   section: Resource Management, 3. Resource Limits
package specification.memory_budget_overcommitted

import rego.v1

examined contains input.spec.limits.memory

deny contains denial if {
	some memory in examined
	memory.cache > memory.heap
	denial := {
		"id": "CON015",
		"message": sprintf(
			"limits.memory.cache is %d%%, but the heap that it is part of is %d%%",
			[memory.cache, memory.heap],
		),
		"path": ["limits", "memory", "cache"],
		"places": [["limits", "memory", "cache"], ["limits", "memory", "heap"]],
	}
}

deny contains denial if {
	some memory in examined
	memory.heap >= memory.monitoring.critical
	denial := {
		"id": "CON015",
		"message": sprintf(
			"limits.memory.heap is %d%%, which is not below the critical level (%d%%)",
			[memory.heap, memory.monitoring.critical],
		),
		"path": ["limits", "memory", "heap"],
		"places": [["limits", "memory", "heap"], ["limits", "memory", "monitoring", "critical"]],
	}
}
