package engine

import (
	"shlkiosk/sync/intake"

	"github.com/google/uuid"
)

// The consent's words: id and version of the text in ui/words. A change of the
// words is a new version.
const (
	ConsentText    = "consent"
	ConsentVersion = "v1"
)

// Envelope is a new import of an opened record: files and source; what the
// patient decides is added by the caller.
func (c *Core) Envelope(o *Opened) *intake.Envelope {
	now := c.Env.Now()
	return &intake.Envelope{
		Version: intake.EnvelopeVersion,
		ID:      uuid.NewString(),
		Created: now,
		Source: intake.Source{Kind: o.Kind, Host: o.Host, LinkHash: o.LinkHash, Attestation: o.Attestation,
			Label: intake.Fact(o.Label.Reveal())},
		Files:  o.intakeFiles(),
		Target: intake.Target{Mode: intake.TargetAuto},
	}
}

func (c *Core) consent(language string) intake.Consent {
	return intake.Consent{Text: ConsentText, Version: ConsentVersion, Language: language, At: c.Env.Now()}
}
