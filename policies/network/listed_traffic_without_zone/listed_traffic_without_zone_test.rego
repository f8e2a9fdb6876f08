package network.listed_traffic_without_zone_test

import data.network.listed_traffic_without_zone
import rego.v1

segmentation(zones, egress) := {"spec": {"network": {"segmentation": {
	"zones": zones,
	"traffic": {"ingress": ["VPN"], "egress": egress},
}}}}

test_what_is_not_listed_needs_no_zone if {
	document := segmentation(["application", "data"], ["Dependencies"])
	listed_traffic_without_zone.deny == set() with input as document
}

test_every_missing_zone_is_denied_at_the_entry_that_needs_it if {
	denials := listed_traffic_without_zone.deny with input as segmentation(["data"], ["Monitoring"])
	{[denial.path[3], denial.message] | some denial in denials} == {
		["ingress", "'VPN' needs the zone application, which is not listed"],
		["egress", "'Monitoring' needs the zone application, which is not listed"],
		["egress", "'Monitoring' needs the zone management, which is not listed"],
	}
}
