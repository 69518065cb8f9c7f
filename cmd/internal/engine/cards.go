package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"

	"shlkiosk/config"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/shc"
)

// newCards wires the verifier of SMART Health Cards.
func (c *Core) newCards() error {
	cards := c.Config.Cards
	var dir *shc.Directory
	if cards.TrustFile != "" {
		var key shc.PublicKey
		if cards.TrustKey != "" {
			b, err := os.ReadFile(cards.TrustKey)
			if err == nil {
				key, err = shc.ParsePublicKey(b)
			}
			if err != nil {
				return config.Problems{{Path: "cards.trust_key_file", Wrong: "is not a public key", Fix: "Name the PEM file of the key that signs the directory"}}
			}
		}
		var err error
		if dir, err = shc.LoadDirectory(cards.TrustFile, key); err != nil {
			return config.Problems{{Path: "cards.trust_file", Wrong: "cannot be used: " + err.Error(), Fix: "Fetch the directory again, in VCI form, with its signature"}}
		}
	}
	c.Cards = shc.NewVerifier(shc.Options{Guard: c.Guard, Directory: dir, Now: c.Env.Now})
	return nil
}

// OpenCard opens a card that was scanned by itself.
func (c *Core) OpenCard(ctx context.Context, text string) (*Opened, error) {
	o := &Opened{Kind: "card"}
	sum := sha256.Sum256([]byte(text))
	o.LinkHash = hex.EncodeToString(sum[:])
	c.takeCards(ctx, o, 0, OpenedFile{ContentType: "application/smart-health-card", Bytes: []byte(text),
		SHA256: hex.EncodeToString(sum[:])})
	return o.usable()
}

// takeCards verifies the cards of one file. What the policy does not let be
// filed becomes a problem with the card's state as its reason.
func (c *Core) takeCards(ctx context.Context, o *Opened, index int, file OpenedFile) {
	all, err := shc.Read(string(file.Bytes))
	if err != nil {
		o.Problems = append(o.Problems, FileProblem{index, "bundle", string(shc.ReasonOf(err)), true})
		return
	}
	for _, jws := range all {
		card, status := c.Cards.Verify(ctx, jws)
		o.Cards = append(o.Cards, status.State)
		if !status.State.MayFile(shc.Policy(c.Config.Cards.Policy)) {
			o.Problems = append(o.Problems, FileProblem{index, "bundle", string(status.State), true})
			continue
		}
		b, err := fhir.ParseBundle(card.Bundle, fhir.DefaultLimits())
		if err != nil {
			o.Problems = append(o.Problems, FileProblem{index, "bundle", bundleReason(err), true})
			continue
		}
		one := file
		one.FHIR, one.Bundle, one.HasFHIR, one.FHIRVersion = card.Bundle, b, true, card.FHIRVersion
		one.Bytes = []byte(jws) // each card is a document of its own
		sum := sha256.Sum256(one.Bytes)
		one.SHA256 = hex.EncodeToString(sum[:])
		o.Files = append(o.Files, one)
	}
}
