package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// world is a sandbox with an importer in front of it.
type world struct {
	*sandbox.World
	t  testing.TB
	im *Importer
}

func newWorld(t testing.TB, b sandbox.Behaviour) *world {
	t.Helper()
	w, err := sandbox.Start(context.Background(), sandbox.Options{People: 12, Behave: b})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	out := &world{World: w, t: t, im: newImporter(t, w.FHIRBase())}
	if b.TransactionAsBatch {
		// A server that says it has transactions and has none. (The sandbox is
		// more honest in its CapabilityStatement than Medplum is.)
		out.im.caps = &fhir.Capabilities{Transaction: true, Batch: true}
	}
	return out
}

func newImporter(t testing.TB, base string) *Importer {
	t.Helper()
	c, err := fhir.New(fhir.Options{Base: base, PollEvery: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	im, err := New(Options{Client: c, Organization: "Test Clinic", Kiosk: "kiosk-1", Software: "shlkiosk test",
		Policy: Policy{CreateNew: true}})
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// envelope is an import of the given files, for a new chart.
func envelope(files ...[]byte) *Envelope {
	env := &Envelope{Version: EnvelopeVersion, ID: uuid.NewString(), Code: "K7Q4", Created: time.Now(),
		Source:  Source{Kind: "link", Host: "shl.example.org", LinkHash: "00ff"},
		Target:  Target{Mode: TargetNew},
		Consent: Consent{Text: "import", Version: "3", Language: "en", At: time.Now()}}
	for _, b := range files {
		sum := sha256.Sum256(b)
		env.Files = append(env.Files, File{ContentType: fhir.MediaType, SHA256: hex.EncodeToString(sum[:]), Bytes: b})
	}
	return env
}

// toChart aims an envelope at a chart.
func toChart(env *Envelope, chart string) *Envelope {
	env.Target = Target{Mode: TargetChart, Chart: chart}
	return env
}

// deliver runs an import as the outbox does: through the ledger's bytes, again
// and again while the importer asks for it.
func (w *world) deliver(env *Envelope) (Receipt, *Envelope) {
	w.t.Helper()
	r, env, err := w.try(env, 12)
	if err != nil {
		w.t.Fatalf("deliver: %v\n%s", err, pretty(r))
	}
	return r, env
}

func (w *world) try(env *Envelope, tries int) (Receipt, *Envelope, error) {
	w.t.Helper()
	var r Receipt
	var err error
	ledger, merr := MarshalEnvelope(env)
	for range tries {
		if merr != nil {
			w.t.Fatal(merr)
		}
		if env, merr = UnmarshalEnvelope(ledger); merr != nil {
			w.t.Fatal(merr)
		}
		r, err = w.im.Deliver(context.Background(), env, func(e *Envelope) error {
			ledger, merr = MarshalEnvelope(e)
			return merr
		})
		if err == nil || Classify(err).Class != Retry {
			break
		}
	}
	return r, env, err
}

func pretty(r Receipt) string {
	b, _ := json.MarshalIndent(r, "", " ")
	return string(b)
}

// wantVerified fails unless the receipt is verified and nothing is missing.
func wantVerified(t testing.TB, r Receipt) {
	t.Helper()
	if r.State != StateVerified || r.Verification.References.Unresolved != 0 || len(r.Verification.Missing) != 0 {
		t.Fatalf("not verified:\n%s", pretty(r))
	}
}

func counts(r Receipt) string {
	return fmt.Sprintf("created %d existing %d left-out %d refused %d",
		r.Count(ResultCreated), r.Count(ResultExisting), r.Count(ResultLeftOut), r.Count(ResultRefused))
}
