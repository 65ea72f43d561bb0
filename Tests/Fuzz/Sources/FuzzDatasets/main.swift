import Fuzzing

fuzz(testOneInput)
