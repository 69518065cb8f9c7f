package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"shlkiosk/camera"
	"shlkiosk/camera/gocv"
	"shlkiosk/cmd/internal/cli"
	"shlkiosk/config"
	"shlkiosk/ui/page"
	"shlkiosk/ui/say"
)

// doctorVerb is doctor with what only the program with the window can look at.
func doctorVerb(getenv func(string) string) cli.Verb {
	return cli.DoctorVerb(
		func(ctx context.Context, _ config.Config) []cli.Check { return examineDisplay(ctx, getenv("DISPLAY")) },
		func(ctx context.Context, cfg config.Config) []cli.Check {
			return []cli.Check{examineCamera(ctx, deviceOf(cfg.Camera), lookFor)}
		},
		func(_ context.Context, cfg config.Config) []cli.Check { return examineVoice(cfg.Speech) },
		func(context.Context, config.Config) []cli.Check {
			return []cli.Check{examineDocuments(page.New(page.Options{}).Available())}
		})
}

func examineDisplay(ctx context.Context, display string) []cli.Check {
	if !displayAnswers(display) {
		return []cli.Check{
			{Name: "display", Status: cli.CheckFailed, Detail: "DISPLAY is not set or does not answer",
				Do: "Run doctor in the kiosk's session (DISPLAY=:0), or start one under cage (see README)"},
			{Name: "opengl", Status: cli.CheckWarning, Detail: "not checked without a display"}}
	}
	gl := cli.Check{Name: "opengl", Status: cli.CheckOK, Detail: "a window can be drawn"}
	if err := glWorks(ctx, display); err != nil {
		gl = cli.Check{Name: "opengl", Status: cli.CheckFailed, Detail: "no window can be drawn",
			Do: "Install the driver of the graphics chip, or the software renderer: apt-get install libgl1-mesa-dri"}
	}
	return []cli.Check{{Name: "display", Status: cli.CheckOK, Detail: display}, gl}
}

// lookFor is how long the camera is looked through.
const lookFor = 3 * time.Second

// examineCamera opens the camera, reads pictures for a while and says what
// comes: size, rate, light.
func examineCamera(ctx context.Context, source camera.Source, long time.Duration) cli.Check {
	check := cli.Check{Name: "camera"}
	feed := camera.NewFeed(source, camera.FeedOptions{})
	feed.Start()
	// A driver that hangs would hold Stop up; doctor does not wait for it.
	defer func() {
		stopped := make(chan struct{})
		go func() { defer close(stopped); feed.Stop() }()
		select {
		case <-stopped:
		case <-time.After(long):
		}
	}()
	// The first picture may take long: exposure, and formats that are tried.
	first, cancel := context.WithTimeout(ctx, 4*long)
	defer cancel()
	shot, err := feed.Next(first, 0)
	if err != nil {
		check.Status, check.Detail = cli.CheckWarning, "no picture from "+source.Name()+seen()
		check.Do = "Plug a camera in, see that the kiosk's user is in the group video, and name it in camera.device; a running kiosk holds it while a patient scans. Scanners and the front desk work without"
		return check
	}
	shot.Release()
	last := shot.Seq
	end, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	for err == nil {
		if shot, err = feed.Next(end, last); err == nil {
			last = shot.Seq
			shot.Release()
		}
	}
	s := feed.Stats()
	check.Status = cli.CheckOK
	check.Detail = fmt.Sprintf("%s: %dx%d, %.0f pictures a second", s.Source, s.Info.Width, s.Info.Height, s.FPS)
	if s.Info.Format != "" {
		check.Detail += ", " + s.Info.Format
	}
	switch {
	case s.State == camera.Black:
		check.Status, check.Do = cli.CheckWarning, "The picture is black: take the cover off the lens, and give it light"
	case s.State == camera.Missing:
		check.Status, check.Do = cli.CheckWarning, "Pictures stopped: try another cable or USB port"
	case s.FPS < 10 && !errors.Is(err, io.EOF):
		check.Status, check.Do = cli.CheckWarning, "That is slow: set camera.mjpg to true, give it more light, or use another USB port"
	case s.Info.Height > 0 && s.Info.Height < 720:
		check.Status, check.Do = cli.CheckWarning, "Small codes need at least 1280x720: set camera.width and camera.height"
	}
	return check
}

// seen names the cameras that the system knows.
func seen() string {
	all := gocv.Devices()
	if len(all) == 0 {
		return "; the system knows no camera"
	}
	text := "; the system knows:"
	for _, d := range all {
		text += fmt.Sprintf(" %s (%s)", d.Path, d.Name)
	}
	return text
}

func examineVoice(s config.Speech) []cli.Check {
	speech := cli.Check{Name: "speech", Status: cli.CheckOK, Detail: s.Engine}
	engine, err := say.Pick(s.Engine, nil)
	switch {
	case err != nil:
		speech.Status, speech.Detail = cli.CheckWarning, err.Error()
		speech.Do = "Install it (apt-get install espeak-ng); who sees little cannot use the kiosk alone without"
	case engine == nil:
		speech.Status, speech.Detail = cli.CheckWarning, "switched off in the configuration"
		speech.Do = "Set speech.engine to auto; who sees little cannot use the kiosk alone without"
	}
	sound := cli.Check{Name: "sound", Status: cli.CheckOK, Detail: "a player is there; whether it can be heard, only ears tell"}
	if _, err := say.NewPlayer(nil); err != nil {
		sound = cli.Check{Name: "sound", Status: cli.CheckWarning, Detail: "no player for sounds", Do: "Install one: apt-get install alsa-utils"}
	}
	return []cli.Check{speech, sound}
}

func examineDocuments(err error) cli.Check {
	if err != nil {
		return cli.Check{Name: "documents", Status: cli.CheckWarning, Detail: "PDF pages cannot be shown", Do: "Install: apt-get install poppler-utils"}
	}
	return cli.Check{Name: "documents", Status: cli.CheckOK, Detail: "PDF pages can be shown"}
}
