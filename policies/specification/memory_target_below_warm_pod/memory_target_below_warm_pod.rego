# METADATA
# title: A pod with a full cache keeps the autoscaler from removing pods
# description: >-
#   A warm pod never uses less memory than its processes and a full cache do. The autoscaler removes a pod only where the
#   use is below its target by the tolerance: with a target below a warm pod's use, every pod that was ever added stays.
# custom:
#   id: CON030
#   severity: error
#   owner: reliability
#   remediation: >-
#     Raise auto_scaling.application.triggers.memory.target or scaling.thresholds.scale_down, or lower
#     limits.memory.cache.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package specification.memory_target_below_warm_pod

import data.lib.kubernetes
import data.thresholds.api_memory
import rego.v1

# The memory that a warm pod uses: its processes, one of which supervises the others, and the caches of the workers.
warm := api_memory.parent_bytes + (workers * (api_memory.worker_bytes + cache)) if {
	workers := input.settings.process.workers
	cache := input.settings.process.cache_bytes
}

# The targets of memory of autoscalers that scale the API's container, with its request.
examined contains target if {
	some autoscaler in kubernetes.objects
	autoscaler.kind == "HorizontalPodAutoscaler"
	some index, metric in object.get(autoscaler.spec, "metrics", [])
	source := object.get(metric, "containerResource", {})
	source.name == "memory"
	some container in kubernetes.containers
	container.name == source.container
	container.namespace == autoscaler.namespace
	target := {
		"file": autoscaler.file,
		"pointer": sprintf("/spec/metrics/%d", [index]),
		"percent": source.target.averageUtilization,
		"request": container.fields.resources.requests.memory,
		"band": thousandths(object.get(autoscaler.spec, ["behavior", "scaleDown", "tolerance"], "100m")),
	}
}

# thousandths returns how far below its target an autoscaler keeps pods: 571 for "571m".
thousandths(tolerance) := to_number(trim_suffix(tolerance, "m")) if regex.match(`^[0-9]{1,3}m$`, tolerance)

thousandths(tolerance) := 1000 * to_number(tolerance) if regex.match(`^[01]$`, tolerance)

share(part, whole) := (padded - (padded % whole)) / whole if padded := part * 100

deny contains denial if {
	some target in examined
	kept := target.percent * (1000 - target.band)
	(warm * 100) * 1000 >= target.request * kept
	denial := {
		"id": "CON030",
		"message": sprintf(
			"a pod with a full cache uses %d%% of its memory, and the autoscaler removes pods below %d%%",
			[share(warm, target.request), (kept - (kept % 1000)) / 1000],
		),
		"path": ["auto_scaling", "application", "triggers", "memory", "target"],
		"places": [
			["auto_scaling", "application", "triggers", "memory", "target"],
			["limits", "memory", "cache"],
			["compute", "application_tier", "scaling", "thresholds", "scale_down"],
			["compute", "application_tier", "scaling", "thresholds", "scale_up"],
			["containers", "application", "resource_limits", "memory"],
			["containers", "application", "resource_limits", "cpu"],
		],
		"excess": (((warm * 100) * 1000) - (target.request * kept)) + 1,
		"file": target.file,
		"pointer": target.pointer,
	}
}
