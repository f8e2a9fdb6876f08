# METADATA
# title: The metrics to scale by are stated twice and disagree
# description: >-
#   The autoscalers have a trigger for each metric: for the API CPU, memory and requests, for the database connections, CPU
#   (which slow queries use) and storage. A metric that a list leaves out still scales its layer, and readers of that list
#   look for the cause in the wrong place.
# custom:
#   id: CON003
#   severity: error
#   owner: platform
#   remediation: List the same metrics in both places, one for each trigger of auto_scaling.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package specification.scaling_metrics_disagree

import data.lib.statements
import rego.v1

application := ["auto_scaling", "application", "triggers"]

replicas := ["auto_scaling", "database", "read_replicas", "triggers"]

# What the triggers say, in the words of the lists of each layer.
triggers := {
	"application": {
		"CPU utilization": array.concat(application, ["cpu"]),
		"Memory usage": array.concat(application, ["memory"]),
		"Request rate": array.concat(application, ["requests"]),
	},
	"database": {
		"Connection count": array.concat(replicas, ["connections"]),
		"Query performance": array.concat(replicas, ["cpu"]),
		"Storage usage": ["auto_scaling", "database", "storage", "triggers", "usage"],
	},
}

triggered(layer) := {metric |
	some metric, path in triggers[layer]
	object.get(input.spec, path, null) != null
}

lists := [
	["application", ["components", "api_layer", "scaling", "metrics"]],
	["application", ["compute", "application_tier", "scaling", "metrics"]],
	["database", ["components", "data_layer", "scaling", "metrics"]],
]

examined contains statement if {
	some [layer, path] in lists
	statement := object.union(statements.at(path), {"layer": layer})
}

deny contains denial if {
	some statement in examined
	missing := triggered(statement.layer) - {metric | some metric in statement.value}
	count(missing) > 0
	denial := {
		"id": "CON003",
		"message": sprintf(
			"%s leaves out '%s', for which auto_scaling.%s has a trigger",
			[statement.name, concat("', '", sort(missing)), statement.layer],
		),
		"path": statement.path,
		"places": array.concat(
			[statement.path],
			[path | some metric, path in triggers[statement.layer]; metric in missing],
		),
	}
}

deny contains denial if {
	some statement in examined
	some index, metric in statement.value
	count({metric} - triggered(statement.layer)) > 0
	denial := {
		"id": "CON003",
		"message": sprintf(
			"%s names '%s', for which auto_scaling.%s has no trigger",
			[statement.name, metric, statement.layer],
		),
		"path": array.concat(statement.path, [index]),
		"places": [array.concat(statement.path, [index]), ["auto_scaling", statement.layer]],
	}
}
