package lib.units_test

import data.lib.units
import rego.v1

test_an_amount_is_said_in_the_largest_unit_without_a_rest if {
	units.bytes(4294967296) == "4GB"
	units.bytes(1536) == "1536B"
	units.bytes(1099511627776) == "1TB"
	units.millicores(2000) == "2 cores"
	units.millicores(1500) == "1500 millicores"
	units.seconds(2592000) == "30 days"
	units.seconds(90) == "90 seconds"
}

test_a_resource_is_said_in_its_own_unit if {
	units.resource("limits.cpu", 500) == "500 millicores"
	units.resource("memory", 1048576) == "1MB"
	units.resource("requests.storage", 1099511627776) == "1TB"
	units.resource("pods", 12) == "12"
}

test_one_is_singular if {
	units.seconds(60) == "1 minute"
	units.millicores(1000) == "1 core"
}
