package specification.access_control_weakened_test

import data.specification.access_control_weakened
import rego.v1

access(mfa, rotation) := {"spec": {"access_control": {
	"infrastructure": {"authentication": {"mfa": mfa}, "authorization": {"rbac": true, "audit": true}},
	"secrets": {"rotation": {"enabled": rotation}},
}}}

test_every_safeguard_on_passes if access_control_weakened.deny == set() with input as access(true, true)

test_each_safeguard_that_is_off_is_denied_at_its_own_line if {
	denials := access_control_weakened.deny with input as access(false, false)
	{denial.message | some denial in denials} == {
		"access_control.infrastructure.authentication.mfa is switched off",
		"access_control.secrets.rotation.enabled is switched off",
	}
}
