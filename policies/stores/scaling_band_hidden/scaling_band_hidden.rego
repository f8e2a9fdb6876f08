# METADATA
# title: An autoscaler ignores a tenth around its target
# description: >-
#   Without a stated tolerance an autoscaler does nothing as long as a metric is within ten per cent of its target, so
#   that a target of 80 % acts at 88 %. KEDA makes an autoscaler of each ScaledObject, with the same default. Clusters
#   whose Kubernetes knows no tolerance are found by DEP010.
# custom:
#   id: STO016
#   severity: error
#   owner: platform
#   remediation: Render a tolerance for each direction of each autoscaler and ScaledObject.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package stores.scaling_band_hidden

import data.lib.kubernetes
import data.thresholds
import rego.v1

behaviors := {
	"HorizontalPodAutoscaler": ["behavior"],
	"ScaledObject": ["advanced", "horizontalPodAutoscalerConfig", "behavior"],
}

examined contains direction if {
	to_number(split(input.cluster.kubernetes, ".")[1]) >= thresholds.first_minor_with_tolerance
	some item in kubernetes.objects
	place := behaviors[item.kind]
	some name in ["scaleUp", "scaleDown"]
	direction := {
		"item": item,
		"name": name,
		"tolerance": object.get(item.spec, array.concat(place, [name, "tolerance"]), ""),
		"pointer": sprintf("/spec/%s", [concat("/", place)]),
	}
}

deny contains denial if {
	some direction in examined
	direction.tolerance == ""
	denial := {
		"id": "STO016",
		"message": sprintf(
			"%s %s states no tolerance for %s: it acts only ten per cent beyond its target",
			[direction.item.kind, direction.item.name, direction.name],
		),
		"path": ["auto_scaling"],
		"file": direction.item.file,
		"pointer": direction.pointer,
	}
}
