package staff

import (
	"context"
	"errors"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

var benchNow = time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)

// fakeDesk answers from memory and writes down what it was asked to do.
type fakeDesk struct {
	people   []Person
	pins     map[string]string
	cases    []Case
	detail   Detail
	settings []Setting
	problems []Problem
	saved    map[string]string
	diag     Diagnostics
	did      []string
	pinErr   error
	err      error
	preview  Preview
	compared []string // what previews were asked for
}

func (f *fakeDesk) note(s string) { f.did = append(f.did, s) }

func (f *fakeDesk) People(context.Context) ([]Person, error) { return f.people, nil }

func (f *fakeDesk) Login(_ context.Context, id string, pin *phi.Secret) (Person, error) {
	var got string
	_ = pin.Use(func(b []byte) error { got = string(b); return nil })
	pin.Wipe()
	f.note("login " + id)
	if f.pinErr != nil {
		return Person{}, f.pinErr
	}
	if f.pins[id] != got {
		return Person{}, &Error{Reason: "pin-wrong", Left: 3}
	}
	for _, p := range f.people {
		if p.ID == id {
			return p, nil
		}
	}
	return Person{ID: "shared"}, nil
}

func (f *fakeDesk) Logout(context.Context)                { f.note("logout") }
func (f *fakeDesk) Cases(context.Context) ([]Case, error) { return slices.Clone(f.cases), f.err }
func (f *fakeDesk) Case(_ context.Context, id string) (Detail, error) {
	f.note("open " + id)
	d := f.detail
	d.Case = f.cases[slices.IndexFunc(f.cases, func(c Case) bool { return c.ID == id })]
	return d, f.err
}
func (f *fakeDesk) Preview(_ context.Context, id, chart string) (Preview, error) {
	f.compared = append(f.compared, id+" "+chart)
	p := f.preview
	p.Chart = chart
	if chart == "" {
		p.Chart = "Patient/found"
	}
	return p, f.err
}
func (f *fakeDesk) Retry(_ context.Context, id string) error   { f.note("retry " + id); return f.err }
func (f *fakeDesk) Park(_ context.Context, id string) error    { f.note("park " + id); return f.err }
func (f *fakeDesk) Discard(_ context.Context, id string) error { f.note("discard " + id); return f.err }
func (f *fakeDesk) Resolve(_ context.Context, id string, r Resolution) error {
	switch {
	case r.New:
		f.note("new " + id)
	case r.Reject:
		f.note("reject " + id)
	default:
		f.note("chart " + id + " " + r.Chart)
	}
	return f.err
}

func (f *fakeDesk) Accept(_ context.Context, id, proposal string, yes bool) error {
	f.note(map[bool]string{true: "accept ", false: "decline "}[yes] + id + " " + proposal)
	return f.err
}

func (f *fakeDesk) Export(_ context.Context, id string) (string, error) {
	f.note("export " + id)
	return "/var/lib/shlkiosk/receipts/K7-42.json", f.err
}

func (f *fakeDesk) Pause(_ context.Context, paused bool) error {
	f.note(map[bool]string{true: "pause", false: "resume"}[paused])
	return f.err
}
func (f *fakeDesk) Diagnostics(context.Context) (Diagnostics, error) { return f.diag, f.err }
func (f *fakeDesk) Settings(context.Context) ([]Setting, error) {
	return slices.Clone(f.settings), f.err
}
func (f *fakeDesk) SaveSettings(_ context.Context, c map[string]string) ([]Problem, error) {
	f.note("save")
	f.saved = maps.Clone(c)
	return f.problems, f.err
}

// bench is the staff's window on a canvas without a display.
type bench struct {
	*Window
	t      testing.TB
	desk   *fakeDesk
	canvas software.WindowlessCanvas
	now    time.Time
	pasted string
	done   int
	in     int
	touch  int
}

func newBench(t testing.TB, m kit.Metrics, theme string, desk *fakeDesk) *bench {
	t.Helper()
	test.NewApp()
	all, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, desk: desk, now: benchNow}
	b.Window = New(Options{Desk: desk, Words: all, Metrics: m, Theme: theme, Now: func() time.Time { return b.now },
		Done: func() { b.done++ }, In: func() { b.in++ }, Touched: func() { b.touch++ },
		OnPaste: func(s string) { b.pasted = s }, Go: func(f func()) { f() }, Do: func(f func()) { f() }})
	fyne.CurrentApp().Settings().SetTheme(b.Theme())
	b.canvas = software.NewCanvas()
	b.canvas.SetPadded(false)
	b.canvas.SetContent(b.Content())
	b.canvas.Resize(fyne.NewSize(m.Width(), m.Height()))
	b.Attach(b.canvas)
	t.Cleanup(func() {
		if missing := all.Missing(); len(missing) > 0 {
			t.Errorf("words that are missing: %s", strings.Join(missing, "; "))
		}
	})
	return b
}

// in logs Ana in.
func (b *bench) loggedIn() *bench {
	b.t.Helper()
	b.press("who-ana")
	b.write("135790")
	b.key(fyne.KeyReturn)
	if b.who.ID != "ana" {
		b.t.Fatal("not logged in")
	}
	return b
}

func (b *bench) write(s string) {
	for _, r := range s {
		b.typed(r)
	}
}

func (b *bench) press(name string) {
	b.t.Helper()
	p := find(b.root, name)
	if p == nil {
		b.t.Fatalf("there is no %q", name)
	}
	if p.Disabled() {
		b.t.Fatalf("%q cannot be pressed", name)
	}
	p.Do()
}

func (b *bench) has(name string) bool { p := find(b.root, name); return p != nil }

// texts is all that can be read on the canvas, whatever widget draws it.
func (b *bench) texts() string {
	b.canvas.Capture() // lists make their rows when they are drawn
	var out []string
	var look func(o fyne.CanvasObject)
	look = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() {
			return
		}
		switch o := o.(type) {
		case *canvas.Text:
			out = append(out, o.Text)
		case *fyne.Container:
			for _, c := range o.Objects {
				look(c)
			}
		case *container.ThemeOverride:
			look(o.Content)
		case fyne.Widget:
			if e, ok := o.(*entry); ok && !e.Password {
				out = append(out, e.Text)
			}
			for _, c := range test.WidgetRenderer(o).Objects() {
				look(c)
			}
		}
	}
	look(b.canvas.Content())
	return strings.Join(out, "\n")
}

// sample is a desk with a bit of everything.
func sample() *fakeDesk {
	ago := func(d time.Duration) time.Time { return benchNow.Add(-d) }
	pic := image.NewGray(image.Rect(0, 0, 320, 180))
	for i := range pic.Pix {
		pic.Pix[i] = uint8(90 + (i%320)/4)
	}
	field := func(name string, v Verdict, ours, theirs phi.Text) Field { return Field{name, v, ours, theirs} }
	f := &fakeDesk{
		people: []Person{{"ana", "Ana Ruiz"}, {"ben", "Ben Okafor"}},
		pins:   map[string]string{"ana": "135790"},
		cases: []Case{
			{ID: "1", Code: "K7-42", State: Parked, Reason: "match-unsure", Attempts: 1, Created: ago(12 * time.Minute)},
			{ID: "2", Code: "M2-81", State: Parked, Reason: "server-refused", Attempts: 4, Created: ago(3 * time.Hour)},
			{ID: "3", Code: "A9-15", State: HandedOver, Reason: "expired", Created: ago(90 * time.Second)},
			{ID: "4", Code: "C4-77", State: Queued, Reason: "server-unreachable", Attempts: 2, Created: ago(20 * time.Minute), Next: benchNow.Add(4 * time.Minute)},
			{ID: "5", Code: "B3-30", State: Sending, Created: ago(20 * time.Second)},
			{ID: "6", Code: "D8-02", State: Verified, Created: ago(26 * time.Hour), Attempts: 1},
			{ID: "7", Code: "E1-19", State: Delivered, Created: ago(30 * time.Minute), Attempts: 1},
			{ID: "8", Code: "F6-64", State: Expired, Created: ago(72 * time.Hour)},
		},
		settings: []Setting{
			{Path: "organization", Doc: "the clinic's name; patients see it in their app's access log as the recipient", Value: "Brook Street Clinic", Source: "file"},
			{Path: "camera.device", Doc: "number (0), path (/dev/video0), part of the name", Value: "0", Source: "file"},
			{Path: "camera.fps", Doc: "pictures a second asked of the camera", Value: "30", Default: "30", Source: "default"},
			{Path: "camera.mjpg", Doc: "ask for MJPG, which most USB cameras need for 720p at 30 a second", Value: "true", Default: "true", Source: "default", Bool: true},
			{Path: "fhir.base", Doc: "base address of the clinic's FHIR R4 server; https (http on loopback only)", Value: "https://fhir.example.org/r4", Source: "environment", Fixed: true},
			{Path: "fhir.auth.kind", Doc: "how the kiosk proves itself", Value: "none", Default: "none", Choices: []string{"none", "bearer", "client_secret", "private_key_jwt"}, Source: "file"},
			{Path: "staff.pin_hash", Doc: "argon2id hash of one shared PIN", Secret: true, Source: "file"},
		},
		diag: Diagnostics{Version: "1.4.0", Kiosk: "kiosk-1", Uptime: 26*time.Hour + 5*time.Minute,
			Counts: map[State]int{Queued: 1, Sending: 1, Delivered: 1, Verified: 143, Parked: 2, Expired: 1},
			Checks: []Check{{"fhir", HealthOK, "fhir.example.org answered in 84 ms", ""}, {"clock", HealthWarning, "38 s ahead of the server", "Check the time service of this machine."},
				{"disk", HealthOK, "21 GB free", ""}, {"key", HealthFailed, "sealed with another key", "Put the right key back; nothing is lost."}, {"documents", HealthOK, "bubblewrap and limits", ""}},
			Camera: &CameraFigures{Name: "Logitech BRIO", State: "live", Width: 1280, Height: 720, FPS: 29.8, ReaderMS: 11.4, Read: 57, Hint: "nearer", Picture: pic}},
		detail: Detail{Why: "household", OnBehalf: true, MayCreate: true,
			Facts: []Fact{{"first", "Jessica"}, {"last", "Argonaut"}, {"birthDate", "1971-05-06"}, {"typedBirthDate", "1971-05-06"}},
			Candidates: []Candidate{
				{Reference: "Patient/4711", Grade: "probable", Score: 0.91, Rule: "cms-3", Fields: []Field{
					field("first", Agree, "Jessica", "Jessica"), field("last", Agree, "Argonaut", "Argonaut"),
					field("birthDate", Nearly, "1971-05-06", "1971-06-05"), field("address", Agree, "3300 Washtenaw Ave, Ann Arbor", "3300 Washtenaw Avenue, Ann Arbor"),
					field("phone", Missing, "+1 555 0134", "")}},
				{Reference: "Patient/4712", Grade: "possible", Score: 0.62, Note: "first-name-conflict", Fields: []Field{
					field("first", Differ, "Jessica", "Jennifer"), field("last", Agree, "Argonaut", "Argonaut"),
					field("birthDate", Agree, "1971-05-06", "1971-05-06"), field("address", Agree, "3300 Washtenaw Ave, Ann Arbor", "3300 Washtenaw Ave, Ann Arbor"),
					field("phone", Differ, "+1 555 0134", "+1 555 0199")}}},
			Changes: []Change{{Type: "AllergyIntolerance", Title: "Penicillin", State: ChangeNew}, {Type: "Condition", Title: "Asthma", State: ChangeSame},
				{Type: "MedicationRequest", Title: "Metformin 500 mg", State: ChangeDifferent, Ours: "2 a day", Chart: "1 a day"}},
			Proposals: []Proposal{{ID: "p1", Kind: "phone", Now: "+1 555 0199", New: "+1 555 0134", State: "open"},
				{ID: "p2", Kind: "language", New: "Spanish", State: "accepted", By: "ben"}},
			Receipt: &Receipt{State: "delivered", Patient: "Patient/4711", Grade: "certain", Rule: "cms-1", Verified: true, Equal: "equal",
				Counts:  []Count{{"AllergyIntolerance", "created", 2}, {"Condition", "existing", 1}, {"MedicationRequest", "refused", 1}},
				Refused: []Line{{"MedicationRequest", "urn:uuid:1", "refused", "server-refused"}}, Total: 12, Twins: 1,
				Alarms: []Alarm{{"duplicate-chart", "Compare the charts and merge them by your clinic's rules.", "Patient/4711"}}}},
	}
	f.preview = Preview{Equal: "equal", Blind: []string{"Goal"},
		Changes: []Change{{Type: "Condition", Title: "Asthma", State: ChangeSame}, {Type: "Immunization", Title: "Influenza vaccine", State: ChangeNew},
			{Type: "Immunization", Title: "Tetanus vaccine", State: ChangeNew}, {Type: "MedicationRequest", Title: "Lisinopril 10 mg", State: ChangeDifferent, Ours: "status: active", Chart: "status: stopped"},
			{Type: "Observation", Title: "Body weight", State: ChangeLeftOut}, {Type: "Subscription", State: ChangeRefused}},
		Proposals: []Proposal{{ID: "1", Kind: "phone", Now: "+1 555 0199", New: "+1 555 0134", State: "open"}}}
	return f
}

var errTest = errors.New("the patient Jessica Argonaut fell down the stairs")

func picture(t testing.TB, b *bench, name string) {
	out := os.Getenv("SCREENS_OUT")
	if out == "" {
		return
	}
	f, err := os.Create(filepath.Join(out, "staff_"+name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := png.Encode(f, b.canvas.Capture()); err != nil {
		t.Fatal(err)
	}
}

// entries are the fields to type into.
func entries(o fyne.CanvasObject) (out []*widget.Entry) {
	switch o := o.(type) {
	case *entry:
		return []*widget.Entry{&o.Entry}
	case *fyne.Container:
		for _, c := range o.Objects {
			out = append(out, entries(c)...)
		}
	case *container.Scroll:
		return entries(o.Content)
	case kit.Made:
		for _, c := range o.Parts() {
			out = append(out, entries(c)...)
		}
	}
	return out
}
