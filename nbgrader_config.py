"""nbgrader's configuration: the notebooks are the source, and the kit's judge does the marking."""

from grader.nbgrader.plugins import configure

c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "tacotron2-lab-kit"
c.CourseDirectory.source_directory = "notebooks"

# Student code runs in a bubblewrap sandbox. On a machine that has none, and only if every
# submission can be trusted: c.JudgeSubmission.isolation = "none"
configure(c)
