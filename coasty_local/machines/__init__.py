"""The machines: real Chromium, driven by pictures, input and navigation only."""
