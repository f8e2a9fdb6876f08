# METADATA
# title: A table is divided into more partitions than a plan can afford
# description: >-
#   Every statement that does not name its partition is planned over all of them, and each partition is a file and a lock
#   of its own. Thousands make every plan slow and a migration fail.
# custom:
#   id: CON026
#   severity: error
#   owner: platform
#   remediation: Lower components.data_layer.scaling.strategy.sharding.
#   section: System Components, 1. Architecture Components
package specification.partitions_excessive

import data.lib.statements
import data.thresholds
import rego.v1

examined contains partitions if {
	partitions := statements.at(["components", "data_layer", "scaling", "strategy", "sharding"])
}

deny contains denial if {
	some partitions in examined
	partitions.value > thresholds.most_partitions
	denial := {
		"id": "CON026",
		"message": sprintf(
			"%s is %d; more than %d partitions slow every plan",
			[partitions.name, partitions.value, thresholds.most_partitions],
		),
		"path": partitions.path,
		"places": [partitions.path],
	}
}
