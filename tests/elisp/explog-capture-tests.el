;;; explog-capture-tests.el --- Tests of capture  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Experiments are captured by the keys that a user presses.

;;; Code:

(require 'explog-test)
(require 'explog-capture)
(require 'org-capture)

;;;; Keys

(defun explog-capture-tests--type (answer)
  "Return the keys that type ANSWER and RET; a symbol stands for a key."
  (if (symbolp answer)
      (kbd (symbol-name answer))
    (vconcat (seq-mapcat (lambda (char)
                           (if (memq char '(?\n ?\t ?\r)) (vector ?\C-q char) (vector char)))
                         answer 'vector)
             [return])))

(defun explog-capture-tests--keys (start &rest answers)
  "Press the keys START, then those for ANSWERS.
Return what was said."
  (explog-test-messages
    (condition-case nil
        (execute-kbd-macro
         (apply #'vconcat (kbd start) (mapcar #'explog-capture-tests--type answers)))
      (quit (message "Quit")))
    (undo-boundary)))

(defmacro explog-capture-tests--in-folder (&rest body)
  "Do BODY in a folder of its own, with keys for capture and no templates."
  (declare (indent 0) (debug t))
  `(explog-test-in-folder
     (let ((org-capture-templates nil)
           (org-capture-mode-hook nil)
           (org-capture-prepare-finalize-hook nil)
           (org-capture-before-finalize-hook nil)
           (org-capture-after-finalize-hook nil)
           (org-capture-bookmark nil)
           (explog-capture-log nil)
           (explog-said nil))
       (explog-test-with-key "C-c c" #'org-capture #'explog-capture-around
         ,@body))))

(defun explog-capture-tests--entry (id title tags description)
  "Return the entry that a capture of ID, TITLE, TAGS and DESCRIPTION makes.
The timestamp is left out."
  (format "* TODO [%s] %s%s
:PROPERTIES:
:ID:       %s
:END:

- %s

** Notes

** TODO Experiments [/]
1. [ ]\s

** TODO Conclusions
" id title tags id description))

(defun explog-capture-tests--text (&optional file)
  "Return the text of FILE, by default that of the buffer, without timestamps.
Org aligns tags when it counts boxes, so blanks before those of a file
are as they were captured."
  (replace-regexp-in-string
   (if file " +\\(:@work:\\)" regexp-unmatchable) "   \\1"
   (replace-regexp-in-string
    "^\\[20[0-9][0-9]-[0-9][0-9]-[0-9][0-9] \\S-+ [0-9][0-9]:[0-9][0-9]\\]\n" ""
    (if file
        (decode-coding-string (explog-test-bytes file) 'utf-8-unix)
      (buffer-substring-no-properties (point-min) (point-max))))))

(defconst explog-capture-tests--starts '("M-x explog-capture RET" "C-c c e")
  "The two ways to begin.")

;;;; The entry

(ert-deftest explog-capture-test-id-property ()
  "The id is in `ID', or in `CUSTOM_ID', which is no node of org-roam."
  (let ((explog-capture-id-property "ID"))
    (should (string-search "\n:PROPERTIES:\n:ID:       203\n:END:\n"
                           (explog-capture-entry "203" "A" nil "B"))))
  (let ((explog-capture-id-property "CUSTOM_ID"))
    (with-temp-buffer
      (insert (explog-capture-entry "203" "A" nil "B"))
      (goto-char (point-min))
      (should (search-forward "\n:PROPERTIES:\n:CUSTOM_ID: 203\n:END:\n" nil t))
      (should-not (search-forward ":ID:" nil t))
      (goto-char (point-min))
      (should (equal "203" (explog-heading-experiment-id))))))

(ert-deftest explog-capture-test-plain ()
  "Both ways make the same entry, as the post has it, point behind the first step."
  (dolist (start explog-capture-tests--starts)
    (explog-capture-tests--in-folder
      (let ((file (explog-test-write "log.org" explog-test-log))
            (entry (explog-capture-tests--entry "203" "More ABC [%]" "   :@work:exp:data:big:" "Why?")))
        (explog-capture-tests--keys start "" "More ABC" "data:big" "Why?")
        (should (equal (buffer-name) "CAPTURE-log.org"))
        (should (equal (explog-capture-tests--text) entry))
        (should (looking-back "^1\\. \\[ \\] " (line-beginning-position)))
        (should (eolp))
        (should (equal (explog-test-bytes file) explog-test-log))
        (explog-capture-tests--keys "Train SPC it C-c C-c")
        (should (equal (buffer-name) "*Org start*"))
        (should (equal (explog-capture-tests--text file)
                       (concat (string-replace "[2018-06-06 Wed 16:16]\n" "" explog-test-log)
                               "\n"
                               (thread-last entry
                                            (string-replace "[%]" "[0%]")
                                            (string-replace "[/]" "[0/1]")
                                            (string-replace "1. [ ] " "1. [ ] Train it")))))
        (with-current-buffer (get-file-buffer file)
          (should-not (buffer-modified-p))
          (should-not (buffer-narrowed-p))
          (should (equal (mapcar #'car (explog-heading-collect)) '("201" "202" "203"))))))))

(ert-deftest explog-capture-test-timestamp ()
  "The entry has the time when it was made."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" "")
    (explog-capture-tests--keys "M-x explog-capture RET" "" "A" "" "B")
    (goto-char (point-min))
    (re-search-forward "^:END:\n")
    (should (looking-at "\\[.+\\]$"))
    (should (< (abs (- (float-time) (float-time (org-time-string-to-time (match-string 0))))) 120))))

(ert-deftest explog-capture-test-literal ()
  "Every answer is taken as it is, and no answer makes a heading."
  (pcase-dolist
      (`(,title ,description . ,changed)
       '(("100 % of %? %^{x} %\\1 %i %(kill-emacs) %%" "%? \\%? %\\2 %<%Y> %[~/.profile]")
         ("a\n* b" "c\n** d\n\n* e" "a * b" "c ** d * e")
         ("* a" "** b") ("[1] [x] [2/3] [50%]" "1. [ ] a") (":a: :exp:" ":PROPERTIES:")
         ("\"'`\\" "#+begin_src") ("実験 é 🎉" "→ ß 한국어") ("  a  b " "\t c " "a  b" "c")
         ("" "") ("COMMENT" "- [ ] x") ("TODO DONE" "<2024-02-31>") ("a\r\nb" "\\" "a b" "\\")))
    (dolist (start explog-capture-tests--starts)
      (explog-capture-tests--in-folder
        (let ((file (explog-test-write "log.org" "* [5] Old :exp:\n")))
          (explog-capture-tests--keys start "" title "" description)
          (let ((title (or (car changed) title))
                (description (or (cadr changed) description)))
            (should (equal (explog-capture-tests--text)
                           (explog-capture-tests--entry
                            "6" (concat title (if (string-empty-p title) "" " ") "[%]")
                            "   :@work:exp:" description))))
          (should (looking-back "^1\\. \\[ \\] " (line-beginning-position)))
          (explog-capture-tests--keys "C-c C-c")
          (with-current-buffer (find-file-noselect file)
            (should (equal (mapcar #'car (explog-heading-collect)) '("5" "6")))
            (should (= 2 (how-many "^\\* " (point-min) (point-max))))
            (should (= 3 (how-many "^\\*\\* " (point-min) (point-max))))
            (goto-char (explog-log-find "6"))
            (should (equal (org-get-tags) '("@work" "exp")))
            (should (equal (org-entry-get (point) "ID") "6"))))))))

(ert-deftest explog-capture-test-tags ()
  "Tags are given in whatever way, and are what org can read."
  (pcase-dolist (`(,answer . ,tags)
                 '(("" "@work" "exp") (":" "@work" "exp") (":a:b:" "@work" "exp" "a" "b")
                   ("a, b\tc" "@work" "exp" "a" "b" "c") ("exp a exp" "@work" "exp" "a")
                   ("a-b *c é 日本" "@work" "exp" "a_b" "_c" "é" "日本")))
    (explog-capture-tests--in-folder
      (explog-test-write "log.org" "")
      (explog-capture-tests--keys "M-x explog-capture RET" "" "A" answer "B")
      (goto-char (point-min))
      (should (equal (mapcar #'substring-no-properties (org-get-tags)) tags)))))

(ert-deftest explog-capture-test-options ()
  "Tags, keyword and the heading of the steps are options."
  (explog-capture-tests--in-folder
    (let ((explog-capture-tags nil) (explog-capture-todo "IDEA") (explog-steps-heading "Plan"))
      (explog-test-write "log.org" "")
      (explog-capture-tests--keys "M-x explog-capture RET" "" "A" "" "B")
      (should (string-prefix-p "* IDEA [1] A [%]\n" (buffer-string)))
      (should (string-search "** TODO Plan [/]\n" (buffer-string))))))

;;;; Ids

(ert-deftest explog-capture-test-next-id ()
  "The next id is above all that are in use: in buffers, folders, wildcards."
  (explog-capture-tests--in-folder
    (explog-test-write "a.org" "* [7] A :exp:\n* [99999] no experiment\n")
    (explog-test-write "sub/b.org" "* [8b] B :exp:\n* [2024-01-02] C :exp:\n* [99999999999] D :exp:\n")
    (explog-test-write "sub/c.org" "* C :exp:\n:PROPERTIES:\n:ID: 12\n:END:\n")
    (let ((explog-logs (list (expand-file-name "a.org") (expand-file-name "sub"))))
      (should (equal (explog-capture-next-id) "13"))
      (setq explog-logs (list (expand-file-name "a.org") (expand-file-name "s*/b.org")))
      (should (equal (explog-capture-next-id) "8"))
      (with-current-buffer (find-file-noselect "sub/b.org")
        (goto-char (point-max))
        (insert "* TODO <<40>> E :exp_x:\n"))
      (should (equal (explog-capture-next-id) "41"))
      (setq explog-logs nil)
      (should (equal (explog-capture-next-id) "1"))
      (explog-test-write "log.org" "* [7] x :exp:\n")
      (explog-test-write "log.org_archive" "* DONE [50] long done :exp:\n")
      (setq explog-logs (list (expand-file-name "log.org")))
      (should (equal (explog-capture-next-id) "51")))))

(ert-deftest explog-capture-test-id-in-use ()
  "An id in use, or none at all, is asked for again, and it is said why."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" explog-test-log)
    (pcase-dolist (`(,id . ,why)
                   '(("201" . "201 is in use in log.org: TODO ABC in XYZ model")
                     ("x1" . "\"x1\" does not begin with a digit")
                     ("1.2" . "\"1.2\" has more than letters, digits, - and _, or is too long")
                     ("203" . nil)))
      (should (equal (explog-capture--id-problem id) why)))
    (explog-capture-tests--keys "M-x explog-capture RET" "201" "x1" " 7b " "A" "" "B")
    (should (string-prefix-p "* TODO [7b] A" (buffer-string)))))

;;;; Where it goes

(defconst explog-capture-tests--logs
  (list explog-test-log "" "\n" "\n\n\n" "text" (string-trim-right explog-test-log)
        (concat explog-test-log "\n\n  \n\t\n") (concat explog-test-log "\n\n  ")
        (string-replace "\n" "\r\n" explog-test-log) "* [1] A :exp:\nfoo\n\n\n")
  "Texts of logs.")

(ert-deftest explog-capture-test-logs ()
  "What is in the log stays, and a blank line parts it from the entry."
  (dolist (text explog-capture-tests--logs)
    (explog-capture-tests--in-folder
      (let ((file (explog-test-write "log.org" text 'binary)))
        (explog-capture-tests--keys "M-x explog-capture RET" "77" "A" "" "B")
        (explog-capture-tests--keys "C-c C-c")
        (let* ((eol (if (string-search "\r" text) "\r\n" "\n"))
               (after (decode-coding-string (explog-test-bytes file) 'utf-8-unix))
               (old (string-trim-right text)))
          (should (string-prefix-p
                   (concat old (if (string-empty-p old) "" (concat eol eol)) "* TODO [77] A")
                   (string-trim-left after "[\r\n]+")))
          (should (string-suffix-p (concat "** TODO Conclusions" eol) after)))))))

(ert-deftest explog-capture-test-missing ()
  "A log that is not there is made."
  (explog-capture-tests--in-folder
    (let ((explog-logs (list (expand-file-name "new.org"))))
      (explog-capture-tests--keys "M-x explog-capture RET" "" "A" "" "B")
      (explog-capture-tests--keys "C-c C-c")
      (should (string-prefix-p "* TODO [1] A" (explog-test-bytes "new.org"))))))

(ert-deftest explog-capture-test-narrowed-and-folded ()
  "A narrowed, folded log is captured to, and stays narrowed."
  (explog-capture-tests--in-folder
    (let ((file (explog-test-write "log.org" explog-test-log)))
      (with-current-buffer (find-file-noselect file)
        (let ((inhibit-message t)) (org-overview))
        (explog-test-goto "* TODO [201]")
        (narrow-to-region (point) (+ (point) 20))
        (goto-char (+ (point) 3)))
      (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
      (should-not (seq-some #'invisible-p (number-sequence (point-min) (1- (point-max)))))
      (explog-capture-tests--keys "C-c C-c")
      (should (string-search "\n\n* TODO [203] A" (explog-test-bytes file)))
      (with-current-buffer (get-file-buffer file)
        (should (equal (buffer-string) "* TODO [201] ABC in "))
        (should (= (- (point) (point-min)) 3))))))

(ert-deftest explog-capture-test-several-logs ()
  "With several logs, it is asked which; the first is the default."
  (dolist (start explog-capture-tests--starts)
    (explog-capture-tests--in-folder
      (let ((explog-logs (mapcar (lambda (name) (explog-test-write name "* [4] x :exp:\n"))
                                 '("b.org" "a.org"))))
        (explog-capture-tests--keys start "" "" "A" "" "B")
        (should (equal (buffer-name) "CAPTURE-b.org"))
        (explog-capture-tests--keys "C-c C-k")
        (explog-capture-tests--keys start (abbreviate-file-name (expand-file-name "a.org"))
                                    "" "A" "" "B")
        (should (equal (buffer-name) "CAPTURE-a.org"))
        (explog-capture-tests--keys "C-c C-k")
        (let ((explog-capture-log (expand-file-name "c.org")))
          (explog-capture-tests--keys start "" "A" "" "B")
          (should (equal (buffer-name) "CAPTURE-c.org"))
          (should (string-prefix-p "* TODO [5] A" (buffer-string))))))))

(ert-deftest explog-capture-test-refused ()
  "Where nothing can be captured to, that is said before the first question."
  (dolist (start explog-capture-tests--starts)
    (pcase-dolist
        (`(,why . ,prepare)
         (list (cons "There is no folder"
                     (lambda () (setq explog-logs (list (expand-file-name "no/log.org")))))
               (cons "No log to capture to; customize .explog-logs"
                     (lambda () (setq explog-logs nil)))
               (cons "The buffer log.org is read-only"
                     (lambda () (with-current-buffer (find-file-noselect "log.org")
                                  (read-only-mode))))
               (cons "log.org is read-only"
                     (lambda () (set-file-modes "log.org" #o444)))
               (cons "is a folder"
                     (lambda () (make-directory "x.org")
                       (setq explog-capture-log (expand-file-name "x.org"))))))
      (explog-capture-tests--in-folder
        (explog-test-write "log.org" explog-test-log)
        (funcall prepare)
        (should (string-match-p why (explog-capture-tests--keys start)))
        (should (equal (buffer-name) "*Org start*"))))))

;;;; No

(ert-deftest explog-capture-test-abort ()
  "An abort leaves the log, its buffer and the kill ring as they were."
  (dolist (text explog-capture-tests--logs)
    (dolist (visited '(t nil))
      (explog-capture-tests--in-folder
        (let ((file (explog-test-write "log.org" text 'binary))
              (kill-ring (list "mine")))
          (when visited
            (find-file-noselect file))
          (dolist (start (append explog-capture-tests--starts explog-capture-tests--starts))
            (explog-capture-tests--keys start "77" "A" "" "B")
            (should (string-prefix-p "CAPTURE" (buffer-name)))
            (explog-capture-tests--keys "some SPC text RET and SPC more C-c C-k")
            (should (equal (buffer-name) "*Org start*"))
            (should (equal (explog-test-bytes file) text))
            (should (equal kill-ring '("mine")))
            (with-current-buffer (get-file-buffer file)
              (should-not (buffer-modified-p))
              (should (equal (buffer-string) (string-replace "\r" "" text)))
              (should-not (file-locked-p file)))))))))

(ert-deftest explog-capture-test-abort-saves-nothing ()
  "An abort does not save what the user has not saved."
  (explog-capture-tests--in-folder
    (let ((file (explog-test-write "log.org" explog-test-log)))
      (with-current-buffer (find-file-noselect file)
        (goto-char (point-max))
        (insert "mine\n"))
      (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
      (explog-capture-tests--keys "C-c C-k")
      (should (equal (explog-test-bytes file) explog-test-log))
      (with-current-buffer (get-file-buffer file)
        (should (buffer-modified-p))
        (should (equal (buffer-string) (concat explog-test-log "mine\n")))))))

(ert-deftest explog-capture-test-abort-missing ()
  "An abort makes no log, and leaves no buffer of one."
  (explog-capture-tests--in-folder
    (let ((explog-logs (list (expand-file-name "new.org"))))
      (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
      (explog-capture-tests--keys "C-c C-k")
      (should-not (file-exists-p "new.org"))
      (explog-test-wait "the end of the buffer"
                        (lambda () (not (get-file-buffer "new.org")))))))

(ert-deftest explog-capture-test-abort-beside-a-hash ()
  "A hash that came meanwhile is kept, unsaved as it is."
  (explog-capture-tests--in-folder
    (let ((file (explog-test-write "log.org" explog-test-log)))
      (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
      (with-current-buffer (get-file-buffer file)
        (should (string-match-p "not saved" (explog-test-edit "201" '(1 "abc1234")))))
      (explog-capture-tests--keys "C-c C-k")
      (should (equal (explog-test-bytes file) explog-test-log))
      (with-current-buffer (get-file-buffer file)
        (should (buffer-modified-p))
        (should (equal (buffer-string)
                       (string-replace "1. [ ] Test XYZ without ABC"
                                       "1. [X] Test XYZ without ABC (abc1234)"
                                       explog-test-log)))))))

(ert-deftest explog-capture-test-two-at-once ()
  "Of two captures at once, an abort takes away its own."
  (explog-capture-tests--in-folder
    (let ((file (explog-test-write "log.org" explog-test-log)))
      (explog-capture-tests--keys "C-c c e" "" "One" "" "B")
      (let ((one (current-buffer)))
        (explog-capture-tests--keys "C-c c e" "" "Two" "" "B")
        (should (string-prefix-p "* TODO [204] Two" (buffer-string)))
        (let ((two (current-buffer)))
          (switch-to-buffer one)
          (explog-capture-tests--keys "C-c C-k")
          (should-not (buffer-live-p one))
          (switch-to-buffer two)
          (explog-capture-tests--keys "C-c C-c")
          (with-current-buffer (get-file-buffer file)
            (should (equal (mapcar #'car (explog-heading-collect)) '("201" "202" "204")))
            (should (string-prefix-p (concat explog-test-log "\n* TODO [204] Two")
                                     (buffer-string)))))))))

(ert-deftest explog-capture-test-quit ()
  "A quit at any question leaves nothing."
  (dolist (start explog-capture-tests--starts)
    (dotimes (answered 4)
      (explog-capture-tests--in-folder
        (let ((file (explog-test-write "log.org" explog-test-log)))
          (dotimes (_ 2)
            (apply #'explog-capture-tests--keys start
                   (append (seq-take '("" "A" "" "B") answered) '(C-g)))
            (should (equal (buffer-name) "*Org start*"))
            (should (equal (explog-test-bytes file) explog-test-log))
            (should-not (seq-some (lambda (buffer)
                                    (string-match-p "CAPTURE" (buffer-name buffer)))
                                  (buffer-list)))
            (should-not (and (get-file-buffer file)
                             (buffer-modified-p (get-file-buffer file))))))))))

;;;; Beside the user's own

(ert-deftest explog-capture-test-users-hooks ()
  "The user's hooks run, and see the entry."
  (explog-capture-tests--in-folder
    (let ((file (explog-test-write "log.org" "")) (seen nil))
      (dolist (hooks (list (lambda () (push (buffer-string) seen))
                           (list (lambda () (push (buffer-string) seen)))))
        (let ((org-capture-mode-hook hooks)
              (org-capture-before-finalize-hook
               (list (lambda () (org-set-property "MORE" "x")))))
          (setq seen nil)
          (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
          (should (string-match-p "\\`\\* TODO \\[[12]\\] A" (car seen)))
          (explog-capture-tests--keys "C-c C-c")
          (should (string-match-p ":MORE: +x" (explog-test-bytes file)))))
      (should-not org-capture-mode-hook))))

(ert-deftest explog-capture-test-users-templates ()
  "Templates that the user sets after the mode was turned on are there, and ours."
  (explog-capture-tests--in-folder
    (let ((mine '("n" "Note" entry (file "notes.org") "* %?%%"))
          (org-directory explog-test-folder)
          (explog-logs (list (explog-test-write "log.org" ""))))
      (setq org-capture-templates (list mine))
      (explog-capture-tests--keys "C-c c n")
      (should (equal (buffer-name) "CAPTURE-notes.org"))
      (should (equal (buffer-string) "* %%\n"))
      (explog-capture-tests--keys "C-c C-k")
      (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
      (should (string-prefix-p "* TODO [1] A" (buffer-string)))
      (should (equal org-capture-templates (list mine))))))

(ert-deftest explog-capture-test-default-template ()
  "Who has no templates keeps the one that org offers then."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" "")
    (let ((org-default-notes-file (expand-file-name "notes.org")))
      (explog-capture-tests--keys "C-c c t")
      (should (equal (buffer-name) "CAPTURE-notes.org"))
      (should (string-prefix-p "** TODO " (buffer-string))))))

(ert-deftest explog-capture-test-key-taken ()
  "A key of the user's own is left alone, which is said once."
  (pcase-dolist (`(,key . ,templates)
                 '(("e" ("e" "Mine" entry (file "notes.org") "* mine"))
                   ("e" ("e" "Prefix") ("ee" "Mine" entry (file "notes.org") "* mine"))
                   ("e" ("ee" "Mine" entry (file "notes.org") "* mine"))
                   ("ex" ("e" "Mine" entry (file "notes.org") "* mine"))))
    (explog-capture-tests--in-folder
      (setq org-capture-templates templates)
      (let ((explog-capture-key key))
        (should (equal (explog-test-messages
                         (should (equal (explog-capture--templates) templates))
                         (explog-capture--templates))
                       (format-message
                        "explog: the capture key %s is taken; see `explog-capture-key'" key)))))))

(ert-deftest explog-capture-test-other-keys ()
  "The key may be another, a sequence, or none."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" "")
    (let ((explog-capture-key "xy"))
      (explog-capture-tests--keys "C-c c x y" "" "A" "" "B")
      (should (string-prefix-p "* TODO [1] A" (buffer-string)))
      (explog-capture-tests--keys "C-c C-k")
      (setq org-capture-templates '(("x" "Mine") ("xz" "Mine" entry (file "n.org") "* mine")))
      (should (equal (mapcar #'car (explog-capture--templates)) '("x" "xz" "xy"))))
    (dolist (none '(nil ""))
      (let ((explog-capture-key none))
        (should (equal (explog-capture--templates) org-capture-templates))))))

(ert-deftest explog-capture-test-saved-by-customize ()
  "Our template is not taken for the user's, if customize has saved it."
  (explog-capture-tests--in-folder
    (setq org-capture-templates (explog-capture--templates))
    (should (assoc "e" org-capture-templates))
    (should (equal (explog-capture--templates) org-capture-templates))
    (should-not explog-said)))

(ert-deftest explog-capture-test-without-the-mode ()
  "Without `explog-mode', `org-capture' is as org has it, and the command works."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" "")
    (advice-remove 'org-capture #'explog-capture-around)
    (should (string-match-p "No capture template"
                            (explog-test-messages (org-capture nil "e"))))
    (explog-capture-tests--keys "M-x explog-capture RET" "" "A" "" "B")
    (should (string-prefix-p "* TODO [1] A" (buffer-string)))))

(ert-deftest explog-capture-test-goto ()
  "With a prefix argument, `org-capture' goes to the log."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" "")
    (explog-capture-tests--keys "C-u C-c c e")
    (should (equal (buffer-name) "log.org"))))

(ert-deftest explog-capture-test-bridge-stays-out ()
  "Nothing of this needs, or starts, the server."
  (explog-capture-tests--in-folder
    (explog-test-write "log.org" "")
    (explog-capture-tests--keys "C-c c e" "" "A" "" "B")
    (should-not (featurep 'explog-server))))

(provide 'explog-capture-tests)
;;; explog-capture-tests.el ends here
