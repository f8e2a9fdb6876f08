package vault.rotation_unfollowed_test

import data.vault.rotation_unfollowed
import rego.v1

document(period, refresh) := {
	"vault": {"file": "p", "documents": [{"path": "database/static-roles/api", "data": {"rotation_period": period}}]},
	"documents": [{"file": "s", "object": {
		"kind": "ExternalSecret",
		"metadata": {"name": "s"},
		"spec": {"refreshInterval": refresh, "data": [{"remoteRef": {"key": "static-creds/api"}}]},
	}}],
}

test_a_hundred_refreshes_pass if rotation_unfollowed.deny == set() with input as document(6000, 60)

test_fewer_are_denied_and_so_is_a_secret_that_is_read_once if {
	every case in [[5999, 60], [1, 60], [6000, 0], [6000, "x"]] {
		count(rotation_unfollowed.deny) == 1 with input as document(case[0], case[1])
	}
}
