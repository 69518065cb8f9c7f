package remotedesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"shlkiosk/sync/desk"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// fill sets every field of a value to something of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		key, val := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(val, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, val)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(int64(*n), 0).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	}
}

func filled[T any]() (x T) {
	n := 0
	fill(reflect.ValueOf(&x).Elem(), &n)
	return x
}

// kiosk is a staff.Desk that remembers what it was asked and answers with every
// field filled.
type kiosk struct {
	calls *[]string
	dir   string
}

func (k *kiosk) note(format string, args ...any) error {
	*k.calls = append(*k.calls, fmt.Sprintf(format, args...))
	return nil
}

func diagnostics() staff.Diagnostics {
	n := 0
	d := staff.Diagnostics{Version: "v", Kiosk: "k", Uptime: time.Hour, Paused: "anna", Counts: map[staff.State]int{staff.Parked: 3}}
	fill(reflect.ValueOf(&d.Checks).Elem(), &n)
	return d
}

func (k *kiosk) People(context.Context) ([]staff.Person, error) { return filled[[]staff.Person](), nil }
func (k *kiosk) Login(_ context.Context, id string, pin *phi.Secret) (staff.Person, error) {
	ok := false
	_ = pin.Use(func(b []byte) error { ok = string(b) == "271828"; return nil })
	if !ok {
		return staff.Person{}, &staff.Error{Reason: "pin-wrong", Left: 3, Wait: time.Minute}
	}
	return staff.Person{ID: id, Name: "Anna"}, nil
}
func (k *kiosk) Logout(context.Context) { _ = k.note("logout") }
func (k *kiosk) Cases(context.Context) ([]staff.Case, error) {
	return filled[[]staff.Case](), nil
}
func (k *kiosk) Case(_ context.Context, id string) (staff.Detail, error) {
	if id == "none" {
		return staff.Detail{}, &staff.Error{Reason: "not-found"}
	}
	return filled[staff.Detail](), nil
}
func (k *kiosk) Retry(_ context.Context, id string) error { return k.note("retry %s", id) }
func (k *kiosk) Park(_ context.Context, id string) error  { return k.note("park %s", id) }
func (k *kiosk) Resolve(_ context.Context, id string, r staff.Resolution) error {
	return k.note("resolve %s %+v", id, r)
}
func (k *kiosk) Accept(_ context.Context, id, p string, yes bool) error {
	return k.note("accept %s %s %v", id, p, yes)
}
func (k *kiosk) Discard(_ context.Context, id string) error { return k.note("discard %s", id) }
func (k *kiosk) Export(_ context.Context, id string) (string, error) {
	where := filepath.Join(k.dir, "r.json")
	return where, os.WriteFile(where, []byte(`{"import": "`+id+`"}`), 0o600)
}
func (k *kiosk) Pause(_ context.Context, p bool) error { return k.note("pause %v", p) }
func (k *kiosk) Diagnostics(context.Context) (staff.Diagnostics, error) {
	return diagnostics(), nil
}
func (k *kiosk) Settings(context.Context) ([]staff.Setting, error) { return nil, nil }
func (k *kiosk) SaveSettings(context.Context, map[string]string) ([]staff.Problem, error) {
	return nil, nil
}

// On another machine, through the real connection, the screens get exactly what
// they get on the kiosk.
func TestNothingIsLost(t *testing.T) {
	var here, there []string
	local := &kiosk{&here, t.TempDir()}
	far := connect(t, &Service{New: func() (staff.Desk, error) { return &kiosk{&there, t.TempDir()}, nil }})
	ctx := context.Background()
	type answers struct {
		People []staff.Person
		Who    staff.Person
		Cases  []staff.Case
		Detail staff.Detail
		Diag   staff.Diagnostics
		Errs   []string
		Text   string
	}
	ask := func(d staff.Desk) (a answers) {
		check := func(err error) {
			var e *staff.Error
			if errors.As(err, &e) {
				a.Errs = append(a.Errs, fmt.Sprint(e.Reason, e.Left, e.Wait))
				return
			}
			a.Errs = append(a.Errs, fmt.Sprint(err))
		}
		var err error
		a.People, err = d.People(ctx)
		check(err)
		_, err = d.Login(ctx, "anna", phi.SecretFromString("000000"))
		check(err)
		a.Who, err = d.Login(ctx, "anna", phi.SecretFromString("271828"))
		check(err)
		a.Cases, err = d.Cases(ctx)
		check(err)
		a.Detail, err = d.Case(ctx, "imp-1")
		check(err)
		_, err = d.Case(ctx, "none")
		check(err)
		a.Diag, err = d.Diagnostics(ctx)
		check(err)
		where, err := d.Export(ctx, "imp-1")
		check(err)
		text, _ := os.ReadFile(where)
		var v any
		check(json.Unmarshal(text, &v))
		a.Text = fmt.Sprint(v)
		for _, err := range []error{d.Retry(ctx, "a"), d.Park(ctx, "a"), d.Discard(ctx, "a"), d.Resolve(ctx, "a", staff.Resolution{Chart: "Patient/1"}),
			d.Resolve(ctx, "a", staff.Resolution{New: true}), d.Resolve(ctx, "a", staff.Resolution{Reject: true}), d.Accept(ctx, "a", "p/1", true), d.Pause(ctx, true)} {
			check(err)
		}
		d.Logout(ctx)
		return a
	}
	a, b := ask(local), ask(far)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("here  %#v\nthere %#v", a, b)
	}
	if !reflect.DeepEqual(here, there) || len(here) != 9 {
		t.Errorf("here  %q\nthere %q", here, there)
	}
	if a.Detail.Facts[0].Value.Reveal() == "" {
		t.Error("the test compares nothing")
	}
	if _, err := far.Cases(ctx); err == nil {
		t.Error("cases after logout")
	}
	if _, err := far.Settings(ctx); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

func connect(t *testing.T, s desk.Service) *Desk {
	t.Helper()
	dir := t.TempDir()
	id := func(name string) *desk.Identity {
		i, err := desk.EnsureIdentity(filepath.Join(dir, name), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	k, d := id("kiosk"), id("desk")
	peers, err := desk.OpenPeers(filepath.Join(dir, "peers"))
	if err != nil {
		t.Fatal(err)
	}
	if err := peers.Add(desk.Peer{Name: "desk", Fingerprint: d.Fingerprint()}); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	srv := &desk.Server{Service: s, Identity: k, Peers: peers}
	go func() { done <- srv.Serve(ctx, ln) }()
	c := desk.NewClient(d, desk.Peer{Address: ln.Addr().String(), Fingerprint: k.Fingerprint()})
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &Desk{Service: c, Receipts: filepath.Join(dir, "receipts")}
}
