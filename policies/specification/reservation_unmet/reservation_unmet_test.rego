package specification.reservation_unmet_test

import data.specification.reservation_unmet
import rego.v1

tier(instances, cpu, memory) := {"spec": {"compute": {"application_tier": {
	"instances": {"min": instances},
	"resources": {"cpu": cpu, "memory": memory},
}}}}

small := {"min": 2000, "reserved": 4000}

large := {"min": 4294967296, "reserved": 8589934592}

test_an_exact_reservation_is_met if reservation_unmet.deny == set() with input as tier(2, small, large)

test_one_instance_fewer_leaves_both_resources_short if {
	denials := reservation_unmet.deny with input as tier(1, small, large)
	{denial.message | some denial in denials} == {
		"1 x 2 cores of cpu at the least (instances.min x min) are 2 cores, but 4 cores are reserved",
		"1 x 4GB of memory at the least (instances.min x min) are 4GB, but 8GB are reserved",
	}
}
