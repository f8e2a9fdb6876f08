# METADATA
# title: A vertical autoscaler does more than recommend, or recommends nothing of use
# description: >-
#   The size of pods is Git's, and their number is that of the horizontal autoscaler, by the same measurements: a vertical
#   autoscaler beside it only recommends. One whose target is not there has no pods to look at, and one without bounds
#   recommends sizes that nothing may have.
# custom:
#   id: K8S052
#   severity: error
#   owner: reliability
#   remediation: >-
#     Let its update mode be Off, its target a rendered object, and give each container that it looks at the range of its
#     tier.
#   section: Resource Management, 1. Compute Resources
package kubernetes.recommender_changes_pods

import data.lib.kubernetes
import rego.v1

examined contains recommender if {
	some recommender in kubernetes.objects
	recommender.kind == "VerticalPodAutoscaler"
}

policies(recommender) := object.get(recommender.spec, ["resourcePolicy", "containerPolicies"], [])

targets(recommender) := {item.name |
	some item in kubernetes.of(recommender.spec.targetRef.kind, recommender.namespace)
	item.name == recommender.spec.targetRef.name
}

silent := {"Off"}

faults(recommender) := changing | missing | unbounded | others if {
	mode := object.get(recommender.spec, ["updatePolicy", "updateMode"], "Recreate")
	changing := {sprintf("changes pods (%s)", [mode]) | count({mode} - silent) > 0}
	missing := {sprintf("looks at the %s %s, which is not there", [target.kind, target.name]) |
		target := recommender.spec.targetRef
		count(targets(recommender)) == 0
	}
	unbounded := {sprintf("bounds no recommendation for %s", [each.containerName]) |
		some each in policies(recommender)
		count({object.get(each, "mode", "Auto")} - silent) > 0
		some bound in ["minAllowed", "maxAllowed"]
		count({"cpu", "memory"} - object.keys(object.get(each, bound, {}))) > 0
	}
	others := {"recommends for containers without a range" |
		count([each | some each in policies(recommender); each.containerName == "*"; each.mode in silent]) == 0
	}
}

deny contains denial if {
	some recommender in examined
	some fault in faults(recommender)
	denial := {
		"id": "K8S052",
		"message": sprintf("the vertical autoscaler %s %s", [recommender.name, fault]),
		"path": ["compute"],
		"file": recommender.file,
		"pointer": "/spec",
	}
}
