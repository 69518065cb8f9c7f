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

// consent records the words that were shown; who checks in for somebody else
// is shown others.
func (c *Core) consent(language string, other bool) intake.Consent {
	text := ConsentText
	if other {
		text += ".other"
	}
	return intake.Consent{Text: text, Version: ConsentVersion, Language: language, At: c.Env.Now()}
}
