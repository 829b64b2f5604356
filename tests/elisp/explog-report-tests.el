;;; explog-report-tests.el --- Pictures of reports, and what a report says of itself  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-report)

(defconst explog-report-tests--svg
  "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\"></svg>\n"
  "A picture as the server draws it.")

(defmacro explog-report-tests--in-folder (&rest body)
  "Run BODY in a new folder."
  (declare (indent 0))
  `(let ((default-directory (file-name-as-directory (make-temp-file "explog-test-" t))))
     (unwind-protect
         (progn ,@body)
       (delete-directory default-directory t))))

(defun explog-report-tests--picture (name &optional text)
  "Return a picture whose file is NAME, and that is TEXT in a terminal."
  (explog-report--picture name explog-report-tests--svg (or text "201 ABC  ○──●")))

(ert-deftest explog-report-test-texts-of-pictures ()
  "A terminal gets signs that it has."
  (let ((picture (explog-report-tests--picture "r-timeline.svg" "201 ×  ○─●◆━×")))
    (cl-letf (((symbol-function 'char-displayable-p) #'ignore))
      (should (equal "201 x  o-*#=x" (explog-report--text picture))))
    (cl-letf (((symbol-function 'char-displayable-p) #'always))
      (should (equal "201 ×  ○─●◆━×" (explog-report--text picture)))
      (cl-letf (((symbol-function 'char-width) (lambda (_char) 2)))
        (should (equal "201 x  o-*#=x" (explog-report--text picture))))))
  (should (string-match-p "graphical" (explog-report--text
                                       (explog-report-tests--picture "r-plot.svg" "")))))

(ert-deftest explog-report-test-pictures-are-shown-in-their-place ()
  "The link to a picture shows its text; the text of the buffer stays."
  (explog-report-tests--in-folder
    (with-temp-buffer
      (let ((text "* Timeline\n[[file:r-timeline.svg]]\n* acc\n[[file:r-plot.svg]]\n"))
        (insert text)
        (setq explog-report--pictures (list (explog-report-tests--picture "r-timeline.svg")
                                            (explog-report-tests--picture "r-plot.svg" "")))
        (explog-report--draw)
        (explog-report--draw)
        (should (equal text (buffer-string)))
        (should (seq-every-p (lambda (overlay) (eq 'default (overlay-get overlay 'face)))
                             (overlays-in (point-min) (point-max))))
        (should (equal (mapcar #'explog-report--text explog-report--pictures)
                       (mapcar (lambda (overlay) (overlay-get overlay 'display))
                               (sort (overlays-in (point-min) (point-max))
                                     (lambda (one other)
                                       (< (overlay-start one) (overlay-start other)))))))
        (should (file-exists-p "r-timeline.svg"))))))

(ert-deftest explog-report-test-files-of-others-are-not-replaced ()
  "Only a picture that explog drew is replaced."
  (explog-report-tests--in-folder
    (pcase-dolist (`(,before ,after)
                   `((nil ,explog-report-tests--svg)
                     ("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\"/>"
                      ,explog-report-tests--svg)
                     ("<svg>mine</svg>" "<svg>mine</svg>")
                     ("" "")))
      (when (file-exists-p "a-timeline.svg")
        (delete-file "a-timeline.svg"))
      (when before
        (write-region before nil "a-timeline.svg" nil 'silent))
      (explog-report--put-picture (explog-report-tests--picture "a-timeline.svg"))
      (should (equal after (with-temp-buffer
                             (insert-file-contents "a-timeline.svg")
                             (buffer-string)))))
    ;; It cannot be written, and that is said and no error.
    (explog-report--put-picture (explog-report-tests--picture "no/a-timeline.svg"))))

(ert-deftest explog-report-test-names-beside-a-file ()
  "A report that is written to a file has its pictures beside that."
  (with-temp-buffer
    (insert "[[file:/tmp/x-1/report-timeline.svg]] and [[file:/tmp/x-1/report-plot.svg]]")
    (setq explog-report--pictures
          (mapcar #'explog-report-tests--picture
                  '("/tmp/x-1/report-timeline.svg" "/tmp/x-1/report-plot.svg")))
    (let ((pictures (mapcar (lambda (picture) (explog-report--named picture "my-week\\1"))
                            explog-report--pictures)))
      (should (equal "[[file:my-week\\1-timeline.svg]] and [[file:my-week\\1-plot.svg]]"
                     (explog-report--with-names pictures))))))

(ert-deftest explog-report-test-what-a-report-was-asked-for ()
  "A file says which period, query and options its report is of."
  (pcase-dolist (`(,lines ,asked)
                 '(("# explog-report: begin 2018-06-04..2018-06-10\n* Results\n"
                    ("2018-06-04..2018-06-10" "2018-06-10" nil nil))
                   ("# explog-report: begin 2018-06-04..2018-06-10 tag:x\n# explog-report: asked {\"by\": \"project\", \"metric\": \"a-\\u002db\"}\n"
                    ("2018-06-04..2018-06-10" "2018-06-10" "tag:x" (:by "project" :metric "a--b")))
                   ("# explog-report: begin 2018-06-04..2018-06-10\n# explog-report: asked {broken\n"
                    ("2018-06-04..2018-06-10" "2018-06-10" nil nil))
                   ("# explog-report: begin 2018-06-04..2018-06-10\n# explog-report: asked {broken}\n"
                    ("2018-06-04..2018-06-10" "2018-06-10" nil nil))))
    (with-temp-buffer
      (insert "* Summary\n" lines)
      (should (equal asked (explog-report--marked))))))

(ert-deftest explog-report-test-arguments ()
  "What a file or a block says comes before the options."
  (let ((explog-report-author "me")
        (explog-report-metric "loss")
        (explog-report-sections '(results next)))
    (should (equal '("week" "" "me" "experiment" "results,next" "loss")
                   (explog-report--arguments "week" nil)))
    (should (equal '("week" "q" "bo" "project" "next" "acc")
                   (explog-report--arguments
                    "week" "q" '(:author "bo" :by "project" :sections "next" :metric "acc"))))))

(ert-deftest explog-report-test-a-file-that-changed-on-disk ()
  "A report comes into no buffer whose file is newer: Emacs would ask."
  (explog-report-tests--in-folder
    (let ((text "# explog-report: begin 2018-06-04..2018-06-10\nold\n# explog-report: end\n"))
      (write-region text nil "r.org" nil 'silent)
      (with-current-buffer (find-file-noselect "r.org")
        (unwind-protect
            (progn
              (write-region (concat text "more\n") nil "r.org" nil 'silent)
              (set-file-times "r.org" (time-add nil 10))
              (cl-letf (((symbol-function 'ask-user-about-supersession-threat)
                         (lambda (&rest _) (error "Emacs asks"))))
                (explog-report--replace (current-buffer) (buffer-chars-modified-tick)
                                        (list (string-replace "old" "new" text) nil nil)))
              (should (equal text (buffer-string)))
        (should (seq-every-p (lambda (overlay) (eq 'default (overlay-get overlay 'face)))
                             (overlays-in (point-min) (point-max))))
              (revert-buffer t t)
              (explog-report--replace (current-buffer) (buffer-chars-modified-tick)
                                      (list (string-replace "old" "new" text) nil nil))
              (should (equal (concat (string-replace "old" "new" text) "more\n")
                             (buffer-string))))
          (set-buffer-modified-p nil)
          (kill-buffer))))))

;;; explog-report-tests.el ends here
