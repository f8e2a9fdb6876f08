# METADATA
# title: An autoscaler has a target that it can never reach
# description: >-
#   Utilisation is measured against the request. If the request is the limit, a target above 100 % never adds a pod;
#   a target of 0 %, or of an amount that is not positive, always does. JSON Schema accepts each of them.
# custom:
#   id: K8S026
#   severity: error
#   owner: reliability
#   remediation: Aim at 1 to 100 % of the request, or at a positive amount.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package kubernetes.autoscaler_target_unreachable

import data.lib.kubernetes
import rego.v1

examined contains target if {
	some autoscaler in kubernetes.objects
	autoscaler.kind == "HorizontalPodAutoscaler"
	some index, metric in object.get(autoscaler.spec, "metrics", [])
	some source in ["containerResource", "external", "object", "pods", "resource"]
	some field, value in object.get(metric, [source, "target"], {})
	field in {"averageUtilization", "averageValue", "value"}
	target := {
		"autoscaler": autoscaler,
		"field": field,
		"value": value,
		"pointer": sprintf("/spec/metrics/%d/%s/target/%s", [index, source, field]),
	}
}

reachable(target) if {
	target.field == "averageUtilization"
	is_number(target.value)
	target.value >= 1
	target.value <= 100
}

reachable(target) if {
	target.field != "averageUtilization"
	regex.match(`^[0-9]*[1-9][0-9]*([.][0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$`, sprintf("%v", [target.value]))
}

deny contains denial if {
	some target in examined
	not reachable(target)
	denial := {
		"id": "K8S026",
		"message": sprintf(
			"the autoscaler %s aims at %s of '%v'",
			[target.autoscaler.name, target.field, target.value],
		),
		"path": ["auto_scaling", "application", "triggers"],
		"file": target.autoscaler.file,
		"pointer": target.pointer,
	}
}
