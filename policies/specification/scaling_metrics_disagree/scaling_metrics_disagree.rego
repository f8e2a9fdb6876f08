# METADATA
# title: The metrics to scale by are stated twice and disagree
# description: >-
#   The autoscaler always has a trigger for CPU, memory and requests. A metric that one list leaves out still scales the
#   service, and readers of that list look for the cause of a scale-out in the wrong place.
# custom:
#   id: CON003
#   severity: error
#   owner: platform
#   remediation: List the same metrics in both places, one for each trigger of auto_scaling.application.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package specification.scaling_metrics_disagree

import data.lib.statements
import rego.v1

triggers := {"cpu": "CPU utilization", "memory": "Memory usage", "requests": "Request rate"}

triggers_path := ["auto_scaling", "application", "triggers"]

# What the triggers say, in the words of the lists.
triggered contains metric if {
	some name, _ in input.spec.auto_scaling.application.triggers
	metric := triggers[name]
}

lists := [
	["components", "api_layer", "scaling", "metrics"],
	["compute", "application_tier", "scaling", "metrics"],
]

examined contains statement if {
	some path in lists
	statement := statements.at(path)
}

deny contains denial if {
	some statement in examined
	missing := triggered - {metric | some metric in statement.value}
	count(missing) > 0
	denial := {
		"id": "CON003",
		"message": sprintf(
			"%s leaves out '%s', for which auto_scaling.application has a trigger",
			[statement.name, concat("', '", sort(missing))],
		),
		"path": statement.path,
		"places": array.concat(
			[statement.path],
			[array.concat(triggers_path, [name]) | some name, metric in triggers; metric in missing],
		),
	}
}

deny contains denial if {
	some statement in examined
	some index, metric in statement.value
	count({metric} - triggered) > 0
	denial := {
		"id": "CON003",
		"message": sprintf(
			"%s names '%s', for which auto_scaling.application has no trigger",
			[statement.name, metric],
		),
		"path": array.concat(statement.path, [index]),
		"places": [array.concat(statement.path, [index]), triggers_path],
	}
}
