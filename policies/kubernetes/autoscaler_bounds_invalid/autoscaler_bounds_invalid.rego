# METADATA
# title: An autoscaler has bounds or windows that Kubernetes refuses
# description: >-
#   The schema accepts any number of replicas and seconds; the API server accepts from one replica, no fewer at most
#   than at least, windows of at most an hour, and periods of at most half an hour.
# custom:
#   id: K8S009
#   severity: error
#   owner: reliability
#   remediation: >-
#     Keep the windows of auto_scaling.application within an hour, its cooldowns within half an hour, and min within
#     max.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package kubernetes.autoscaler_bounds_invalid

import data.lib.kubernetes
import rego.v1

# What the API server accepts, in seconds.
longest := {"window": 3600, "period": 1800}

examined contains autoscaler if {
	some autoscaler in kubernetes.objects
	autoscaler.kind == "HorizontalPodAutoscaler"
}

deny contains denial if {
	some autoscaler in examined
	least := object.get(autoscaler.spec, "minReplicas", 1)
	least > autoscaler.spec.maxReplicas
	denial := {
		"id": "K8S009",
		"message": sprintf(
			"the autoscaler %s keeps at least %d and at most %d replicas",
			[autoscaler.name, least, autoscaler.spec.maxReplicas],
		),
		"path": ["compute", "application_tier", "instances", "min"],
		"places": [["compute", "application_tier", "instances", end] | some end in ["min", "max"]],
		"file": autoscaler.file,
		"pointer": "/spec/minReplicas",
	}
}

deny contains denial if {
	some autoscaler in examined
	some direction, behavior in object.get(autoscaler.spec, "behavior", {})
	behavior.stabilizationWindowSeconds > longest.window
	denial := {
		"id": "K8S009",
		"message": sprintf(
			"the autoscaler %s looks back %d seconds, and Kubernetes at most %d",
			[autoscaler.name, behavior.stabilizationWindowSeconds, longest.window],
		),
		"path": ["auto_scaling", "application", "triggers"],
		"file": autoscaler.file,
		"pointer": sprintf("/spec/behavior/%s/stabilizationWindowSeconds", [direction]),
	}
}

cooldowns := {"scaleUp": "scale_up", "scaleDown": "scale_down"}

deny contains denial if {
	some autoscaler in examined
	some direction, behavior in object.get(autoscaler.spec, "behavior", {})
	some index, step in object.get(behavior, "policies", [])
	step.periodSeconds > longest.period
	denial := {
		"id": "K8S009",
		"message": sprintf(
			"the autoscaler %s waits %d seconds between two steps, and Kubernetes at most %d",
			[autoscaler.name, step.periodSeconds, longest.period],
		),
		"path": ["auto_scaling", "application", "cooldown", cooldowns[direction]],
		"places": [["auto_scaling", "application", "cooldown", cooldowns[direction]]],
		"excess": step.periodSeconds - longest.period,
		"file": autoscaler.file,
		"pointer": sprintf("/spec/behavior/%s/policies/%d/periodSeconds", [direction, index]),
	}
}
