package network.connector_cut_off_test

import data.network.connector_cut_off
import rego.v1

judged(features, addresses, at) := {
	"spec": {"components": {"integration_layer": {"features": features}}},
	"environment": {"addresses": addresses, "connectors": [{"name": "c", "addresses": at}]},
}

messages(given) := {denial.message | some denial in connector_cut_off.deny with input as given}

test_a_connector_with_its_feature_and_its_ranges_passes if {
	messages(judged(["FIS connector"], {"fis": ["10.0.0.0/28"]}, "fis")) == set()
	messages(judged([], {"receivers": ["10.0.0.0/28"]}, "receivers")) == set()
}

test_a_connector_without_its_feature_is_denied if {
	messages(judged(["FIS connector"], {"core_banking": ["10.0.0.0/28"]}, "core_banking")) == {concat("", [
		"the connector c cannot send notifications: ",
		"components.integration_layer lists no Core banking interface",
	])}
}

test_a_connector_in_ranges_that_are_left_out_is_denied if {
	messages(judged([], {"receivers": null}, "receivers")) == {
		"the connector c cannot send notifications: addresses.receivers states no range"
	}
}
