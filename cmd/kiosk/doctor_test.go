package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shlkiosk/camera"
	"shlkiosk/cmd/internal/cli"
	"shlkiosk/config"
)

// lens is a camera as doctor may find it.
type lens struct {
	width, height int
	every         time.Duration
	grey          uint8
	gone          bool
}

func (l lens) Name() string { return "test camera" }
func (l lens) Open(context.Context) (camera.Stream, error) {
	if l.gone {
		return nil, camera.ErrMissing
	}
	return lensStream{l}, nil
}

type lensStream struct{ lens }

func (l lensStream) Info() camera.Info {
	return camera.Info{Width: l.width, Height: l.height, Format: "MJPG"}
}
func (lensStream) Close() error { return nil }
func (l lensStream) Read(f *camera.Frame) error {
	time.Sleep(l.every)
	f.Fit(l.width/10, l.height/10, false)
	for i := range f.Gray.Pix {
		f.Gray.Pix[i] = l.grey
	}
	f.At = time.Now()
	return nil
}

func TestExamineCamera(t *testing.T) {
	const fast = time.Second / 30
	for _, tc := range []struct {
		name   string
		lens   lens
		status string
		says   string
	}{
		{"good", lens{1280, 720, fast, 120, false}, cli.CheckOK, "1280x720, 30 pictures a second, MJPG"},
		{"none", lens{gone: true}, cli.CheckWarning, "group video"},
		{"black", lens{1280, 720, fast, 3, false}, cli.CheckWarning, "cover"},
		{"slow", lens{1280, 720, time.Second / 5, 120, false}, cli.CheckWarning, "camera.mjpg"},
		{"small", lens{640, 480, fast, 120, false}, cli.CheckWarning, "1280x720"},
		{"hangs", lens{1280, 720, time.Hour, 120, false}, cli.CheckWarning, "no picture"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got := examineCamera(t.Context(), tc.lens, lookFor)
				if took := time.Since(began); took > 6*lookFor {
					t.Errorf("took %s", took)
				}
				time.Sleep(2 * time.Hour) // until a driver that hangs has come back
				if got.Name != "camera" || got.Status != tc.status || !strings.Contains(got.Detail+got.Do, tc.says) {
					t.Errorf("%+v", got)
				}
				if (got.Status == cli.CheckOK) != (got.Do == "") {
					t.Errorf("what to do: %q", got.Do)
				}
			})
		})
	}
}

func TestExamineTheRest(t *testing.T) {
	all := examineDisplay(t.Context(), "")
	if len(all) != 2 || all[0].Status != cli.CheckFailed || all[0].Do == "" || all[1].Status != cli.CheckWarning {
		t.Errorf("without a display: %+v", all)
	}
	if c := examineVoice(config.Speech{Engine: "none"}); c[0].Status != cli.CheckWarning || !strings.Contains(c[0].Do, "speech.engine") {
		t.Errorf("%+v", c)
	}
	if c := examineDocuments(nil); c.Status != cli.CheckOK {
		t.Errorf("%+v", c)
	}
	if c := examineDocuments(errors.New("x")); c.Status != cli.CheckWarning || !strings.Contains(c.Do, "poppler-utils") {
		t.Errorf("%+v", c)
	}
}
