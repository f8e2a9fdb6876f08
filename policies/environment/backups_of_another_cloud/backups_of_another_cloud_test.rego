package environment.backups_of_another_cloud_test

import data.environment.backups_of_another_cloud
import rego.v1

identity := "00000000-0000-0000-0000-000000000000"

cluster(platform, location) := {"cluster": {
	"name": "a",
	"platform": platform,
	"backups": {"location": location, "identity": identity},
}}

test_each_field_is_judged if {
	denials := backups_of_another_cloud.deny with input as cluster("aws", "https://x.blob.core.windows.net/y")
	{denial.path[4] | some denial in denials} == {"location", "identity"}
}

test_azure_has_its_own if {
	backups_of_another_cloud.deny == set() with input as cluster("azure", "https://x.blob.core.windows.net/y")
}

test_an_endpoint_is_for_s3_alone if {
	container := "https://x.blob.core.windows.net/y"
	document := {"cluster": {"name": "a", "platform": "azure", "backups": {
		"location": container,
		"identity": identity,
		"endpoint": "https://store.bank.example",
	}}}
	denials := backups_of_another_cloud.deny with input as document
	{denial.path[4] | some denial in denials} == {"endpoint"}
}
