package intake

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"shlkiosk/sync/sandbox"
)

func (w *world) devices() int { return len(w.ours("Device")) }

// oneOf is a record of its own person.
func oneOf(n int) []byte {
	p := patient("")
	p.body = strings.NewReplacer("Zorn", fmt.Sprintf("Zorn%c%c", 'a'+n%26, 'a'+n/26), "1980", fmt.Sprint(1930+n)).Replace(p.body)
	return bundle(p, condition(urn(2), "c", "38341003", patURL))
}

// However many imports begin at once, on whatever server, there is one Device
// for the kiosk, and each Provenance points to it.
func TestOneDeviceForAllImports(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{"conditional creates": {}, "without": {NoConditionalCreate: true}, "said and not so": {ConditionalEntryLimit: 2},
		"singles": {NoTransaction: 400}, "singles without": {NoTransaction: 400, NoConditionalCreate: true}, "silent batch": {TransactionAsBatch: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, b)
			opt := w.im.opt
			opt.Organization = "Smith, Jones | Sons" // letters that mean something in a search
			var err error
			if w.im, err = New(opt); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for n := range 6 {
				all.Go(func() {
					r, err := w.im.Deliver(context.Background(), envelope(oneOf(n)), nothing)
					if err != nil || r.State != StateVerified {
						t.Errorf("%v\n%s", err, pretty(r))
					}
				})
			}
			all.Wait()
			if n := w.devices(); n != 1 {
				t.Fatalf("%d Devices", n)
			}
			at := "Device/" + w.ours("Device")[0].ID()
			for _, p := range w.ours("Provenance") {
				if p.Get("agent", 0, "who", "reference").String() != at {
					t.Errorf("a Provenance points to %s", p.Get("agent", 0, "who", "reference").String())
				}
			}
			if w.im.known().entries != 0 {
				t.Error("the limit beside a condition was taken for one of all transactions")
			}
			_, env := w.deliver(envelope(oneOf(7)))
			if _, err := w.im.Undo(context.Background(), env, nothing); err != nil || w.devices() != 1 {
				t.Errorf("undo: %v, %d Devices", err, w.devices())
			}
		})
	}
}

// Another program of the same name makes the Device between the look for it
// and the transaction: it is found, not doubled, and not taken for ours.
func TestDeviceMadeByAnotherProgramInBetween(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{"transaction": {}, "singles": {NoTransaction: 400}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, b)
			other := newImporter(t, w.FHIRBase())
			var once sync.Once
			w.through(&wire{before: func(r *http.Request) error {
				if r.Method == http.MethodPost {
					once.Do(func() {
						if _, err := other.Deliver(context.Background(), envelope(oneOf(1)), nothing); err != nil {
							t.Error(err)
						}
					})
				}
				return nil
			}})
			r, env := w.deliver(envelope(oneOf(2)))
			wantVerified(t, r)
			if n := w.devices(); n != 1 {
				t.Fatalf("%d Devices", n)
			}
			for _, l := range r.Resources {
				if l.Type == "Device" && (l.Result != ResultExisting || l.Why != WhySameID) {
					t.Errorf("%+v", l)
				}
			}
			if !env.Journal.Done[(&plan{env: env}).addedItem("device", "Device").key].Existing {
				t.Error("the journal takes another program's Device for ours")
			}
		})
	}
}
