# METADATA
# title: The event bus has no events to deliver
# description: >-
#   The event bus delivers what the event store records: its position is one in the log of events. Without an event store
#   nothing reaches a subscriber.
# custom:
#   id: CON034
#   severity: error
#   owner: platform
#   remediation: List "Event store" in components.data_layer.features, or do without the event bus.
#   section: System Components, 1. Architecture Components
package specification.event_bus_without_events

import rego.v1

features := ["components", "data_layer", "features"]

examined contains bus if {
	some index, feature in input.spec.components.integration_layer.features
	feature == "Event bus"
	bus := {"path": ["components", "integration_layer", "features", index]}
}

deny contains denial if {
	some bus in examined
	stored := {store | some store in object.get(input.spec, features, [])}
	not "Event store" in stored
	denial := {
		"id": "CON034",
		"message": "the event bus is listed, and no event store that records what it delivers",
		"path": bus.path,
		"places": [features, bus.path],
	}
}
