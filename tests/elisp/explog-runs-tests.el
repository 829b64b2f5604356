;;; explog-runs-tests.el --- Tests of starting and listing runs  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The line that a shell gets, where a run is started, and how the list is
;; drawn.  The list with a real server is in tests/e2e/.

;;; Code:

(require 'explog-test)
(require 'explog-runs)

;;;; Start one

(ert-deftest explog-runs-test-line ()
  "A plain command is run as it is, and a line for a shell by a shell."
  (cl-letf (((symbol-function 'explog-server-find-program) (lambda () '("/a b/explog" "-x"))))
    (pcase-dolist (`(,command . ,line)
                   '(("python train.py --lr 0.01" . "python train.py --lr 0.01")
                     ("python 'a b.py' \"$HOME\" *.txt" . "python 'a b.py' \"$HOME\" *.txt")
                     ("cd sub && python train.py" . "sh -c cd\\ sub\\ \\&\\&\\ python\\ train.py")
                     ("GPU=0 python train.py" . "sh -c GPU\\=0\\ python\\ train.py")
                     ("python train.py --lr=1" . "python train.py --lr=1")
                     ("python train.py > out" . "sh -c python\\ train.py\\ \\>\\ out")))
      (should (equal (concat "/a\\ b/explog -x run e201.1 -- " line)
                     (explog-run--line "e201.1" command))))))

(ert-deftest explog-runs-test-folder ()
  "A run is started around a file of code, else where it was the last time."
  (explog-test-in-folder
    (let* ((explog-run--folders nil)
           (code (file-name-as-directory (expand-file-name "code" explog-test-folder)))
           (other (file-name-as-directory (expand-file-name "other" explog-test-folder)))
           (explog-repositories (list code (cons other 0))))
      (make-directory (expand-file-name ".git" code) t)
      (make-directory (expand-file-name "src" code) t)
      (make-directory other)
      (with-temp-buffer
        (setq default-directory (file-name-as-directory (expand-file-name "src" code)))
        (should (equal code (explog-run--folder "201")))
        (setq default-directory explog-test-folder)
        (cl-letf (((symbol-function 'read-directory-name) (lambda (&rest _) "asked")))
          (should (equal (expand-file-name "asked") (explog-run--folder "201")))
          (setf (alist-get "201" explog-run--folders nil nil #'equal) other)
          (should (equal other (explog-run--folder "201")))
          (let ((current-prefix-arg '(4)))
            (should (equal (expand-file-name "asked") (explog-run--folder "201"))))
          (delete-directory other)
          (should (equal code (explog-run--folder "201"))))))))

;;;; The list

(defun explog-runs-tests--row (name state start &rest values)
  "Return a run NAME in STATE that began at START; VALUES are SECONDS, WHAT, COMMIT."
  (pcase-let ((`(,seconds ,what ,commit) values))
    (vector (concat "/runs/" name) "e201.1" state state start seconds "node7" 7
            (or what "true") "/repository" commit)))

(defmacro explog-runs-tests--with (rows &rest body)
  "Do BODY in a list of ROWS."
  (declare (indent 1) (debug t))
  `(with-temp-buffer
     (explog-runs-mode)
     (unwind-protect
         (progn (explog-runs--take (current-buffer) "" (list 3 (vconcat ,rows)))
                (goto-char (point-min))
                ,@body)
       (explog-runs--stop))))

(defun explog-runs-tests--column (column)
  "Return what stands in COLUMN of each line of the list."
  (let (found)
    (explog-rows-do-lines (lambda (_) (push (aref (tabulated-list-get-entry) column) found)))
    (nreverse found)))

(ert-deftest explog-runs-test-list ()
  "The list keeps point and marks when it is drawn anew."
  (let ((old (list (explog-runs-tests--row "b" "running" (- (float-time) 151))
                   (explog-runs-tests--row "a" "ok" 1000 9067.5))))
    (explog-runs-tests--with old
      (should (equal " the newest 2 of 3" mode-line-process))
      (should (equal '("2:31" "2:31:07") (explog-runs-tests--column 3)))
      (should (equal "201" (explog-point-id (explog-point))))
      (forward-line)
      (explog-rows-mark)
      (forward-line -1)
      (explog-runs--take (current-buffer) ""
                         (list 3 (vconcat (list (explog-runs-tests--row "c" "running" (float-time)))
                                          old)))
      (should (equal "/runs/a" (tabulated-list-get-id)))
      (should (equal '("/runs/a") (mapcar #'explog-runs-row-folder (explog-rows-marked))))
      (should-not mode-line-process)
      (explog-runs--take (current-buffer) "other" (list 0 []))
      (should (= 3 (length (explog-runs-tests--column 0)))))))

(ert-deftest explog-runs-test-two ()
  "The older of two runs is the one that the other is compared with."
  (explog-runs-tests--with (list (explog-runs-tests--row "b" "ok" 20 1 "true 2")
                                 (explog-runs-tests--row "a" "ok" 10 1 "true 1"))
    (let ((two (explog-runs--two)))
      (should (equal '(20 10) (mapcar #'explog-runs-row-start two)))
      (should (equal "true 1 → true 2" (explog-runs--difference (cadr two) (car two)))))
    (should-error (explog-runs-diff) :type 'user-error)
    (should-error (explog-runs-end) :type 'user-error)
    (explog-rows-mark)
    (should-error (explog-runs--two) :type 'user-error)
    (goto-char (point-max))
    (should-error (explog-runs-output) :type 'user-error)))

;;;; Output

(defun explog-runs-tests--follow (folder)
  "Return text, mode and width of what is shown as the output of the run in FOLDER."
  (explog-runs-tests--with (list (vector folder "e1" "ok" "ok" 0 1 "node7" 7 "true" nil nil))
    (save-window-excursion
      (explog-runs-output)
      (prog1 (list (buffer-string) major-mode fill-column)
        (kill-buffer)))))

(ert-deftest explog-runs-test-hostile-output ()
  "Output is text, whatever it says; what is no file is refused."
  (explog-test-in-folder
    (let ((text (concat "[e1] begun -*- mode: emacs-lisp -*-\n# Local " ; this file has none
                        "Variables:\n# fill-column: 7\n# End:\n"))
          (fifo (expand-file-name "fifo" explog-test-folder)))
      (explog-test-write "output.log" text)
      (should (equal (list text (default-value 'major-mode) (default-value 'fill-column))
                     (explog-runs-tests--follow explog-test-folder)))
      (make-directory fifo)
      (call-process "mkfifo" nil nil nil (expand-file-name "output.log" fifo))
      (should-error (explog-runs-tests--follow fifo) :type 'user-error)
      (should-error (explog-runs-tests--follow "/ssh:nowhere:/runs") :type 'user-error))))

(provide 'explog-runs-tests)
;;; explog-runs-tests.el ends here
