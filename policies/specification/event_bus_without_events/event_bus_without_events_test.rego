package specification.event_bus_without_events_test

import data.specification.event_bus_without_events
import rego.v1

spec(stores, connectors) := {"spec": {"components": {
	"data_layer": {"features": stores},
	"integration_layer": {"features": connectors},
}}}

test_an_event_bus_with_an_event_store_passes if {
	layers := spec(["Event store", "Redis cache"], ["Event bus"])
	event_bus_without_events.deny == set() with input as layers
}

test_without_an_event_bus_there_need_be_no_event_store if {
	event_bus_without_events.deny == set() with input as spec(["Redis cache"], ["Health monitors"])
}

test_the_event_bus_is_denied_at_its_own_line if {
	denials := event_bus_without_events.deny with input as spec([], ["Health monitors", "Event bus"])
	{denial.path | some denial in denials} == {["components", "integration_layer", "features", 1]}
}
