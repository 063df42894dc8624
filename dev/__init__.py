"""The local stack: everything this project needs to run on one machine, behind `python3 dev`."""
