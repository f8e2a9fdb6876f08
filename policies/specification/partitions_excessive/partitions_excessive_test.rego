package specification.partitions_excessive_test

import data.specification.partitions_excessive
import rego.v1

spec(partitions) := {"spec": {"components": {"data_layer": {"scaling": {"strategy": {"sharding": partitions}}}}}}

test_the_most_that_is_allowed_passes if partitions_excessive.deny == set() with input as spec(256)

test_more_is_denied_with_both_numbers if {
	denials := partitions_excessive.deny with input as spec(257)
	{denial.message | some denial in denials} == {concat(" ", [
		"components.data_layer.scaling.strategy.sharding is 257;",
		"more than 256 partitions slow every plan",
	])}
}
