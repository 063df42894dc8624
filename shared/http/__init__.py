"""HTTP: answers and problems in the form that every endpoint shares."""
