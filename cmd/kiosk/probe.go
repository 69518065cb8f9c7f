package main

import (
	"runtime"

	"github.com/go-gl/glfw/v3.4/glfw"
)

// probeOpenGL opens an invisible window the way Fyne will and returns the exit
// code: 0 when it works.
func probeOpenGL() (code int) {
	defer func() {
		if recover() != nil {
			code = 1
		}
	}()
	runtime.LockOSThread()
	if err := glfw.Init(); err != nil {
		return 1
	}
	defer glfw.Terminate()
	glfw.WindowHint(glfw.Visible, glfw.False)
	glfw.WindowHint(glfw.ContextVersionMajor, 2)
	glfw.WindowHint(glfw.ContextVersionMinor, 1)
	w, err := glfw.CreateWindow(64, 64, "probe", nil, nil)
	if err != nil {
		return 1
	}
	defer w.Destroy()
	w.MakeContextCurrent()
	w.SwapBuffers()
	return 0
}
