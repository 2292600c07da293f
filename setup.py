"""What pyproject.toml cannot say: a build begins without the files of an earlier one."""

import shutil

from setuptools import setup
from setuptools.command.build_py import build_py


class CleanBuild(build_py):
    """Copy the modules into an empty folder: setuptools keeps modules that were removed since."""

    def run(self):
        """Remove the folder of an earlier build, then build."""
        if not getattr(self, "editable_mode", False):
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build_py": CleanBuild})
