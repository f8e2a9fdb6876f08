package environment.primary_ambiguous_test

import data.environment.primary_ambiguous
import rego.v1

clusters(one, two) := {"environment": {"clusters": {"one": {"role": one}, "two": {"role": two}}}}

test_one_primary_passes if primary_ambiguous.deny == set() with input as clusters("recovery", "primary")

test_every_primary_is_named if {
	denials := primary_ambiguous.deny with input as clusters("primary", "primary")
	{denial.message | some denial in denials} == {"2 clusters are primary (one, two), and exactly one has to be"}
}
